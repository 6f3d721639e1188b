import { describe, expect, it } from 'vitest'
import { lastDay, setOf, world as latticeWorld } from '../../../tests/fixtures/lattice-world.ts'
import { randomSource } from '../../../tests/fixtures/columns.ts'
import type { RepeatPlacesOptions } from '../../domain/answers/repeat-places.ts'
import { emptyFilter, type IncidentFilter } from '../../domain/filter/filter.ts'
import { addDays } from '../../domain/time/calendar.ts'
import { pointsPerPart } from '../../stats/in-parts.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { placeInParts } from './repeat-place.ts'
import { repeatPlaces } from './repeat-places.ts'

/** A quantised step is about 1.7 m; grids are a tenth of each side only by name. */
const world = { ...latticeWorld(), cityBbox: [0, 0, 1, 1] as const }
type Row = readonly [area: number, day: string, category: number, x: number, y: number]

function ask(
  rows: readonly Row[],
  options: Partial<RepeatPlacesOptions> = {},
  filter: Partial<IncidentFilter> = {},
) {
  const sorted = [...rows].sort((a, b) => (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0))
  const set = setOf(sorted.map(([area, day, category]) => [area, day, category] as const))
  // the months of the set hold the rows by day, in the same order
  let at = 0
  for (const month of set.months)
    for (let i = 0; i < month.count; i++, at++) {
      month.x[i] = sorted[at]![3]
      month.y[i] = sorted[at]![4]
    }
  const { areas, ...rest } = { ...emptyFilter(), ...filter }
  return repeatPlaces(new FilteredRows(set, { ...rest, areas }, world), world, {
    ...{ level: 'grid', lastDay, method: 'radius', radiusMetres: 50, times: 3 },
    ...options,
  })
}
const ago = (days: number): string => addDays(lastDay, -days)
/** Six reports of category 1, a month apart, 17 m to and fro. */
const spot: Row[] = Array.from({ length: 6 }, (_, n) => [
  ...([42, ago(30 * n), 1] as const),
  ...([1000 + 10 * (n % 2), 500] as const),
])

describe('the question "repeatPlaces"', () => {
  it('finds the same kind of trouble at the same spot within 365 days', () => {
    const found = ask([
      ...spot,
      [42, ago(364), 1, 1000, 500],
      [42, ago(365), 1, 1000, 500],
      // another kind there is another place, and two of them are none
      [42, ago(4), 2, 1000, 500],
      [42, ago(9), 2, 1000, 500],
    ])
    expect(found).toMatchObject({ obstacle: null, incidents: 9, repeated: 7, total: 1 })
    const [place] = found.list
    expect(place).toMatchObject({
      ...{ category: 1, count: 7, days: 7, open: 7, onOnePoint: 4, lastDay },
      ...{ area: 44, firstDay: ago(364), steps: [1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1] },
    })
    expect(place!.hull).toHaveLength(2)
    expect(place!.lngLat[0]).toBeCloseTo((1000 + 30 / 7) / 65_535, 6)
    expect(place!.radiusMetres).toBeCloseTo((40 / 7) * (111_195 / 65_535), 2)
    // 7 in 1 km² of all grids, in a circle of 50 m
    expect(place!.expected).toBeCloseTo(7 * Math.PI * 0.05 ** 2, 9)
  })

  it('takes reports of one day as one event', () => {
    expect(ask(Array.from({ length: 9 }, (): Row => [42, ago(3), 1, 1000, 500])).list).toEqual([])
  })

  it('follows radius, times, period and areas', () => {
    const apart: Row[] = spot.map(([area, day, category, x, y], n) => [
      area,
      day,
      category,
      x + 15 * n,
      y,
    ])
    expect(ask(apart).total).toBe(1)
    expect(ask(apart, { radiusMetres: 25 }).total).toBe(0)
    expect(ask(spot, { times: 10 }).total).toBe(0)
    expect(ask(spot, { times: 5 }).list[0]!.count).toBe(6)
    expect(ask(spot, {}, { period: { from: ago(89), to: lastDay } }).list[0]!.count).toBe(3)
    expect(ask(spot, {}, { areas: ['G41'] })).toMatchObject({ obstacle: 'no_incidents', list: [] })
    expect(ask(spot, {}, { areas: ['G42'] }).list[0]!.expected).toBeCloseTo(0.0471, 4)
  })

  it('finds two spots of unlike density by the hierarchy, and says when there are too many', () => {
    const random = randomSource(3)
    const around = (x: number, y: number, spread: number): Row[] =>
      Array.from({ length: 20 }, (_, n) => [
        ...([42, ago(n), 1] as const),
        Math.round(x + spread * random()),
        Math.round(y + spread * random()),
      ])
    const found = ask([...around(1000, 1000, 10), ...around(5000, 5000, 300)], {
      method: 'density',
      times: 10,
    })
    expect(found.list.map(({ count }) => count)).toEqual([20, 20])
    const many = ask(
      Array.from({ length: 20_001 }, (): Row => [42, lastDay, 1, 5, 5]),
      { method: 'density' },
    )
    expect(many).toMatchObject({ obstacle: 'many', list: [] })
  })

  it('describes a place of 200,000 in short parts', () => {
    const n = 200_000
    let reads = 0
    const day = new Uint16Array(n).fill(3)
    const cases = {
      ...{ starts: Uint32Array.of(0, n), firstDay: 0, days: 365 },
      ...{
        x: Float64Array.from(day, (_, i) => i % 500),
        y: Float64Array.from(day, (_, i) => i % 7),
      },
      ...{ category: new Uint8Array(n), slot: new Int32Array(n), open: new Uint8Array(n), day },
    }
    const members = new Proxy(
      Uint32Array.from(day, (_, i) => i),
      { get: (of, key) => (reads++, Reflect.get(of, key, of)) },
    )
    let [longest, parts] = [0, 0]
    for (const work = placeInParts(members, cases, 1); ; parts++) {
      reads = 0
      const { done, value } = work.next()
      longest = Math.max(longest, reads)
      if (!done) continue
      expect(value).toMatchObject({ days: 1, onOnePoint: 58, radiusMetres: expect.any(Number) })
      break
    }
    expect(longest).toBeLessThanOrEqual(pointsPerPart)
    // besides reading its members it measures, draws the outline and counts points
    expect(parts).toBeGreaterThan((5 * n) / pointsPerPart)
  })
})
