import { describe, expect, it } from 'vitest'
import { findingWeeks } from '../../domain/answers/findings.ts'
import { emptyFilter, type IncidentFilter } from '../../domain/filter/filter.ts'
import { addDays } from '../../domain/time/calendar.ts'
import type { ColumnSet } from '../count/column-set.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { findings } from './findings.ts'
import { grids, lastDay, setOf, world } from '../../../tests/fixtures/lattice-world.ts'

const half = { from: addDays(lastDay, -findingWeeks * 7 + 1), to: lastDay }
const ask = (set: ColumnSet, filter: Partial<IncidentFilter> = {}) =>
  findings(new FilteredRows(set, { ...emptyFilter(), period: half, ...filter }, world()), world(), {
    level: 'grid',
    lastDay,
  })

describe('the question "findings"', () => {
  // every grid has one incident of each of two categories each fourth week
  const background = grids.flatMap((_, area) =>
    Array.from({ length: 6 }, (_, n) =>
      [1, 2].map((c) => [area, addDays(half.from, n * 28), c] as const),
    ).flat(),
  )
  // grid 42 has three more of category 2 in each of the last five weeks, one in the week before, and 20 once long ago
  const planted = [
    ...Array.from({ length: 15 }, (_, n) => [42, addDays(lastDay, -7 * (n % 5)), 2] as const),
    ...Array.from({ length: 20 }, () => [42, addDays(half.from, 3), 2] as const),
  ]
  const set = setOf([...background, ...planted])

  it('lists the planted pair with what was expected, its weeks and its pile', () => {
    const { list, total, value } = ask(set)
    expect([total, value]).toEqual([1, 'per_square_km'])
    const [one] = list
    expect(one).toMatchObject({
      area: 44,
      category: 2,
      observed: 41,
      weeksRunning: 6,
      onOnePoint: 41,
    })
    expect(one!.expected).toBeCloseTo((600 + 35) / 100)
    expect(one!.ratio).toBeCloseTo(41 / 6.35)
    expect(one!.low < one!.ratio && one!.ratio < one!.high).toBe(true)
    expect(one!.weeks.reduce((sum, n) => sum + n, 0)).toBe(41)
    expect(one!.weeks.slice(-5)).toEqual([3, 3, 3, 3, 3])
  })

  it('narrows the list, and not the expectation, to the areas of the filter', () => {
    expect(ask(set, { areas: ['G42'] }).list).toEqual(ask(set).list)
    expect(ask(set, { areas: ['G41'] }).list).toEqual([])
  })

  it('finds nothing in nothing and in equal counts', () => {
    expect(ask(setOf([])).list).toEqual([])
    expect(ask(setOf(background)).list).toEqual([])
  })
})
