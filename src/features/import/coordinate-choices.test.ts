import { describe, expect, it } from 'vitest'
import { coordinateSystem } from '../../../supabase/server/import/place/coordinate-system.ts'
import { coordinateChoices } from './coordinate-choices.ts'

describe('coordinateChoices', () => {
  it.each([
    ['Changsha', [112.6, 27.9, 113.4, 28.6], ['EPSG:4526', 'EPSG:4497', 'GCJ-02', 'EPSG:32649']],
    ['San Francisco', [-122.52, 37.7, -122.35, 37.83], ['WGS84', 'EPSG:3857', 'EPSG:32610']],
    ['Sydney', [150.5, -34.1, 151.4, -33.5], ['EPSG:32756']],
  ] as const)('are the importer’s own systems, those of %s', async (_, box, wanted) => {
    const values = coordinateChoices([...box]).map(({ value }) => value)
    expect(values).toEqual(expect.arrayContaining([...wanted]))
    for (const value of values) expect((await coordinateSystem(value)).name, value).not.toBe('')
  })

  it('names the zone and meridian that the importer takes', async () => {
    for (const { value, zone, meridian } of coordinateChoices([112.6, 27.9, 113.4, 28.6])) {
      if (meridian === undefined) continue
      const { name } = await coordinateSystem(value)
      expect(name, value).toContain(`zone ${zone} (${meridian}°E)`)
    }
  })
})
