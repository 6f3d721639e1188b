import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findArea, indexAreas, type AreaShape } from '../../src/geo/area-index.ts'
import type { AreaLevel, LngLat } from '../../src/domain/vocabulary.ts'
import { openTestDatabase, type TestDatabase } from './harness/index.ts'

function demoAreas(level: AreaLevel): AreaShape[] {
  const text = readFileSync(`supabase/seed/demo/areas_${level}.geojson`, 'utf8')
  const { features } = JSON.parse(text) as { features: AreaShape[] }
  return features.map((feature) => ({ ...feature, properties: { ...feature.properties, level } }))
}

/** Places all over the demo city, and a corner of each of its grids. */
function somePlaces(grids: AreaShape[]): LngLat[] {
  let seed = 7
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647
  const places: LngLat[] = Array.from({ length: 1500 }, () => [
    -122.52 + random() * 0.17,
    37.7 + random() * 0.12,
  ])
  const corners = grids.map((grid) => {
    const [lng, lat] = grid.geometry.coordinates.flat(3 as 2) as unknown as [number, number]
    return [lng, lat] as const
  })
  return [...places, ...corners]
}

/** The device names the area of a pin as PostGIS does, by the rule of `private.place_incident`. */
describe('the area index of the device', () => {
  let db: TestDatabase
  beforeAll(async () => void (db = await openTestDatabase({ kind: 'pglite' })))
  afterAll(() => db.close())

  it('agrees with PostGIS all over the demo city, corners of grids included', async () => {
    const grids = demoAreas('grid')
    const index = indexAreas([...demoAreas('city'), ...demoAreas('community'), ...grids])
    const places = somePlaces(grids)
    const answers = await db.query<{ code: string | null }>(
      `with areas as materialized (
         select feature->'properties'->>'code' as code,
                extensions.st_setsrid(extensions.st_geomfromgeojson(feature->>'geometry'), 4326) as shape
         from jsonb_array_elements($1::text::jsonb) as feature
       )
       select (
         select code from areas
         where extensions.st_covers(shape, extensions.st_setsrid(
           extensions.st_point((place->>0)::float8, (place->>1)::float8), 4326))
         order by code collate "C" limit 1
       ) as code
       from jsonb_array_elements($2::text::jsonb) with ordinality as places (place, n)
       order by n`,
      [JSON.stringify(grids), JSON.stringify(places)],
    )
    const expected = answers.map(({ code }) => code)
    const found = places.map((place) => {
      const area = findArea(index, place)
      return area?.properties.level === 'grid' ? area.properties.code : null
    })
    expect(expected.filter((code) => code !== null).length).toBeGreaterThan(500)
    expect(found).toEqual(expected)
  })
})
