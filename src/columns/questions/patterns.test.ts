import { describe, expect, it } from 'vitest'
import { emptyFilter, type IncidentFilter } from '../../domain/filter/filter.ts'
import { addDays } from '../../domain/time/calendar.ts'
import type { ColumnSet } from '../count/column-set.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { lastDay, setOf, world as latticeWorld } from '../../../tests/fixtures/lattice-world.ts'
import { patterns } from './patterns.ts'

/** A box in which one quantised step is about 1.7 m. */
const world = { ...latticeWorld(), cityBbox: [0, 0, 1, 1] as const }
const ask = (set: ColumnSet, filter: Partial<IncidentFilter> = {}, areas = ['G42']) =>
  patterns(new FilteredRows(set, { ...emptyFilter(), ...filter }, world), world, {
    areas,
    lastDay,
  })

describe('the question "patterns"', () => {
  // the city: 80 of category 1, 20 of category 2; G42 among them: 5 and 15
  const rows = [
    ...Array.from({ length: 75 }, (_, n) => [n % 40, addDays(lastDay, -n), 1] as const),
    ...Array.from({ length: 5 }, (_, n) => [0, addDays(lastDay, -n), 2] as const),
    ...Array.from({ length: 5 }, (_, n) => [42, addDays(lastDay, -n), 1] as const),
    ...Array.from({ length: 15 }, (_, n) => [42, addDays(lastDay, -n), 2] as const),
  ]
  const set = setOf(rows)

  it('compares the mix with the city, also while the filter chooses a category', () => {
    const { mix, here, city } = ask(set)
    expect([here, city]).toEqual([20, 100])
    expect(mix.map(({ category, here: n, city: all }) => [category, n, all])).toEqual([
      [2, 15, 20],
      [1, 5, 80],
    ])
    expect(mix[0]!.ratio).toBeCloseTo(15 / (20 * 0.2))
    // exact Poisson interval of 15: 8.395 to 24.740
    expect(mix[0]!.low).toBeCloseTo(8.3954 / 4, 3)
    expect(mix[0]!.high).toBeCloseTo(24.7402 / 4, 3)
    expect(ask(set, { categories: ['nothing'] }).mix).toEqual(mix)
  })

  it('takes places of one radius that come back on different days of the last year', () => {
    const placed = setOf([
      ...Array.from({ length: 6 }, (_, n) => [42, addDays(lastDay, -10 * n), 1] as const),
      ...Array.from({ length: 9 }, () => [42, addDays(lastDay, -3), 2] as const),
      ...Array.from({ length: 9 }, (_, n) => [42, addDays(lastDay, -400 - n), 2] as const),
    ])
    for (const { count, category, x, y } of placed.months)
      for (let i = 0; i < count; i++) {
        // category 1 lies in a row, 17 m apart; category 2 lies far away on one point
        const isRow = category[i] === 1
        x[i] = isRow ? 1000 + 10 * (i % 2) : 30_000
        y[i] = isRow ? 500 : 30_000
      }
    const { places } = ask(placed)
    expect(places).toHaveLength(1)
    expect(places[0]).toMatchObject({ count: 6, days: 6, categories: [[1, 6]], lastDay })
    expect(ask(placed, { period: { from: addDays(lastDay, -15), to: lastDay } }).places).toEqual([])
    expect(ask(placed, {}, ['G41'])).toMatchObject({ here: 0, mix: [], places: [] })
  })

  it('compares the time to close of the same categories', () => {
    const closed = setOf(rows)
    for (const month of closed.months)
      for (let i = 0; i < month.count; i++) {
        month.stage[i] = 4
        month.hours[i] = month.area[i] === 44 ? 100 : 10
      }
    const { closingHere, closingCity } = ask(closed)
    expect([closingHere.n, closingHere.median.time]).toEqual([20, 100])
    expect([closingCity.n, closingCity.median.time]).toEqual([100, 10])
  })
})
