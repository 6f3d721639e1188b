import { describe, expect, it } from 'vitest'
import { nearbyIncidents } from './nearby-incidents.ts'
import { areaLabel } from '../city/area-label.ts'
import { awayMeters, improveFix, type Fix } from './device-fix.ts'
import { distanceMeters, moveByMeters } from './distance.ts'
import type { LngLat } from '../vocabulary.ts'

const here: LngLat = [-122.42, 37.77]
const fix = (accuracyMeters: number, seconds = 0, lngLat = here): Fix => ({
  lngLat,
  accuracyMeters,
  at: seconds * 1000,
})

describe('distance', () => {
  it('measures what is known', () => {
    expect(distanceMeters([0, 0], [0, 1])).toBeCloseTo(111_195.08, 1)
    expect(distanceMeters([0, 60], [1, 60])).toBeCloseTo(55_597, -2)
  })
  it('steps as far as it is told, in the right direction', () => {
    const [lng, lat] = moveByMeters(here, 5, 0)
    expect(lng).toBeGreaterThan(here[0])
    expect(lat).toBe(here[1])
    expect(distanceMeters(here, [lng, lat])).toBeCloseTo(5, 4)
    expect(distanceMeters(here, moveByMeters(here, -3, -4))).toBeCloseTo(5, 4)
    expect(moveByMeters(here, 0, 1)[1]).toBeGreaterThan(here[1])
  })
})

describe('awayMeters', () => {
  const at = (meters: number, accuracy: number) => fix(accuracy, 0, moveByMeters(here, meters, 0))
  it('says how far the person is from the pin, once accuracy no longer explains it', () => {
    expect(awayMeters(here, 8, at(120, 10))).toBeCloseTo(120, 3)
    expect(awayMeters(here, 8, at(20, 5))).toBeNull()
    expect(awayMeters(here, 60, at(120, 70))).toBeNull()
  })
})

describe('improveFix', () => {
  it('takes the first and then only better ones while the device stands still', () => {
    expect(improveFix(null, fix(900), true).accuracyMeters).toBe(900)
    expect(improveFix(fix(30), fix(12, 2), false).accuracyMeters).toBe(12)
    expect(improveFix(fix(12), fix(30, 2), false).accuracyMeters).toBe(12)
  })
  it('follows somebody who walks on, until the pin is anchored', () => {
    const far = moveByMeters(here, 60, 0)
    expect(improveFix(fix(10), fix(20, 5, far), false).lngLat).toBe(far)
    expect(improveFix(fix(10), fix(20, 5, far), true).lngLat).toBe(here)
    expect(improveFix(fix(10), fix(3, 5, far), true).lngLat).toBe(here)
    expect(improveFix(fix(40), fix(8, 5, moveByMeters(here, 20, 0)), true).accuracyMeters).toBe(8)
  })
  it('no longer trusts an old position', () => {
    expect(improveFix(fix(10), fix(25, 31), false).accuracyMeters).toBe(25)
    expect(improveFix(fix(10), fix(25, 31), true).accuracyMeters).toBe(10)
  })
})

describe('nearbyIncidents', () => {
  const at = (id: string, east: number, categoryCode = 'light') => {
    const [lon, lat] = moveByMeters(here, east, 0)
    return { id, categoryCode, lon, lat }
  }
  const search = { place: here, categoryCode: 'light', radiusMeters: 30 }
  it('offers the same category within the radius, nearest first', () => {
    const found = nearbyIncidents(
      [at('b', 25), at('a', 10), at('c', 31), at('d', 5, 'sewer')],
      search,
    )
    expect(found.map(({ incident }) => incident.id)).toEqual(['a', 'b'])
    expect(found[0]!.distanceMeters).toBeCloseTo(10, 2)
  })
  it('keeps to the radius of the category, and 0 offers nothing', () => {
    expect(nearbyIncidents([at('a', 10)], { ...search, radiusMeters: 9 })).toEqual([])
    expect(nearbyIncidents([at('a', 0)], { ...search, radiusMeters: 0 })).toEqual([])
  })
})

describe('areaLabel', () => {
  const area = (name: string, level: 'city' | 'community' | 'grid') => ({ name, level })
  it('names what lies below the city', () => {
    expect(
      areaLabel([area('SF', 'city'), area('Mission', 'community'), area('SF-20-03', 'grid')]),
    ).toBe('Mission · SF-20-03')
    expect(areaLabel([area('SF', 'city')])).toBe('SF')
  })
  it('does not say twice what the grid is called after', () => {
    const names = [area('Russian Hill', 'community'), area('Russian Hill 010200', 'grid')]
    expect(areaLabel(names)).toBe('Russian Hill 010200')
  })
})
