import { describe, expect, it } from 'vitest'
import { randomMonths } from '../../../tests/fixtures/columns.ts'
import { emptyFilter, type IncidentFilter } from '../../domain/filter/filter.ts'
import { ColumnSet, type MonthColumns } from '../count/column-set.ts'
import { demoRows, demoSet, demoWorld } from '../../../tests/fixtures/demo-city.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { project } from '../count/project.ts'
import { world as latticeWorld } from '../../../tests/fixtures/lattice-world.ts'
import { quality } from './quality.ts'

const world = latticeWorld()
const ask = (set: ColumnSet, filter: Partial<IncidentFilter> = {}) =>
  quality(new FilteredRows(set, { ...emptyFilter(), ...filter }, world), world, {})

/** Twelve months of random incidents, changed by `plant` month by month. */
function planted(plant: (month: MonthColumns, at: number) => void, rows = 4000): ColumnSet {
  const set = new ColumnSet()
  randomMonths({ rows, months: 12 }).forEach((month, at) => {
    plant(month, at)
    set.replace(month)
  })
  return set
}
const denseRows = 40_000
const sortMinutes = (month: MonthColumns): void => void month.minute.sort()

describe('the question "quality"', () => {
  it('finds no fault in random incidents, and none in no incidents', () => {
    const clean = { piles: [], allPiles: 0, onPiles: 0, bursts: [], allBursts: 0, roundTimes: [] }
    expect(ask(planted(() => undefined))).toMatchObject({ total: 4000, leftOut: 0, ...clean })
    expect(ask(new ColumnSet())).toMatchObject({ total: 0, ...clean })
  })

  it('finds planted piles, and leaves them out with the filter that it gives', () => {
    const set = planted((month) => {
      for (let i = 0; i < 5; i++) [month.x[i], month.y[i], month.category[i]] = [100, 65_000, 3]
      for (let i = 5; i < 8; i++) [month.x[i], month.y[i]] = [65_535, 0]
      for (let i = 8; i < 9; i++) [month.x[i], month.y[i]] = [7, 7]
    })
    const { piles, onPiles, allPiles, total, leftOut } = ask(set)
    expect(piles.map(({ x, y, count }) => [x, y, count])).toEqual([
      [100, 65_000, 60],
      [65_535, 0, 36],
    ])
    expect(piles[0]).toMatchObject({ category: 3, inCategory: 60 })
    expect(piles[1]!.lngLat).toEqual([1, 0])
    expect([onPiles, allPiles, total, leftOut]).toEqual([96, 2, 4000, 0])

    const exceptPoints = piles.map(({ x, y }) => [x, y] as const)
    expect(project(set, { ...emptyFilter(), exceptPoints }, world).total).toBe(3904)
    expect(ask(set, { exceptPoints })).toMatchObject({ total: 4000, leftOut: 96, onPiles: 96 })
  })

  it('counts incidents that an import put at the point of an area', () => {
    const areas = world.areas.map((area, n) =>
      n === 3 ? { ...area, point: [0.5, 0.25] as const } : area,
    )
    const set = planted((month, at) => {
      if (at < 4) [month.x[0], month.y[0]] = [32_768, 16_384]
    })
    const asked = (filter: Partial<IncidentFilter>) => {
      const here = { ...world, areas }
      return quality(new FilteredRows(set, { ...emptyFilter(), ...filter }, here), here, {})
    }
    expect(asked({}).withoutPlace).toBe(4)
    // two may lie there by chance
    expect(asked({ period: { from: '2020-01-01', to: '2020-02-29' } }).withoutPlace).toBe(0)
    expect(ask(set).withoutPlace).toBe(0)
  })

  it('calls no busy point a pile while others are as busy', () => {
    const set = planted((month) => {
      for (let i = 0; i < 300; i++) [month.x[i], month.y[i]] = [i % 30, 0]
    })
    expect(ask(set).piles).toEqual([])
  })

  it('finds a planted burst with its minute, and not at an hour that is always busy', () => {
    const set = planted((month, at) => {
      // from 9 to 10 each day about 18 in ten minutes
      for (let i = 0; i < 3000; i++) month.minute[i] = (i % 28) * 1440 + 540 + (i % 60)
      if (at === 4)
        for (let i = 3000; i < 3030; i++) {
          month.minute[i] = 10 * 1440 + 3 * 60 + 31 + (i % 9)
          month.category[i] = 9
        }
      sortMinutes(month)
    }, denseRows)
    const { bursts, allBursts } = ask(set)
    expect(allBursts).toBe(1)
    expect(bursts[0]).toMatchObject({ day: '2020-05-11', minuteOfDay: 210 })
    expect(bursts[0]!.count).toBeGreaterThanOrEqual(30)
    expect(bursts[0]!.expected).toBeLessThan(1)
  })

  it.each([
    ['midnight', (minute: number) => minute - (minute % 1440)],
    ['hour', (minute: number) => minute - (minute % 60) + (minute % 1440 < 60 ? 60 : 0)],
    ['month_start', (minute: number) => minute % 1440],
  ] as const)('finds dates rounded to %s, and takes them for no burst', (kind, round) => {
    const set = planted((month) => {
      for (let i = 0; i < month.count; i += 4) month.minute[i] = round(month.minute[i]!)
      sortMinutes(month)
    })
    const { roundTimes, allBursts } = ask(set)
    expect(roundTimes.map((one) => one.kind)).toEqual([kind])
    expect(roundTimes[0]!.count).toBeGreaterThanOrEqual(1000)
    expect(roundTimes[0]!.expected).toBeLessThan(200)
    if (kind !== 'month_start') expect(allBursts).toBe(0)
  })

  it('finds in the demo city one pile, whose raw coordinates are one point, and nothing else', () => {
    const rows = new FilteredRows(demoSet, emptyFilter(), demoWorld)
    const found = quality(rows, { ...world, cityBbox: demoWorld.cityBbox }, {})
    const raw = Map.groupBy(demoRows, ({ lng, lat }) => `${lng} ${lat}`)
    const [point, own] = [...raw].toSorted((a, b) => b[1].length - a[1].length)[0]!
    expect(found.piles).toHaveLength(1)
    expect(found.piles[0]).toMatchObject({ count: own.length, inCategory: 42 })
    const [lng, lat] = point.split(' ').map(Number)
    expect(found.piles[0]!.lngLat[0]).toBeCloseTo(lng!, 5)
    expect(found.piles[0]!.lngLat[1]).toBeCloseTo(lat!, 5)
    expect(found.pointMetres.every((metres) => metres < 0.3)).toBe(true)
    expect([found.allBursts, found.roundTimes]).toEqual([0, []])
  })
})
