import { describe, expect, it } from 'vitest'
import { AreaShapes } from '../count/area-shapes.ts'
import { randomMonths } from '../../../tests/fixtures/columns.ts'
import { emptyFilter } from '../../domain/filter/filter.ts'
import { ColumnSet } from '../count/column-set.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { weekHours } from './week-hours.ts'

const world = {
  areas: [],
  categories: [],
  cityBbox: [0, 0, 1, 1] as const,
  nowMinute: 0,
  asOfWallMinutes: 0,
  shapes: new AreaShapes(),
}

describe('the question "weekHours"', () => {
  const set = new ColumnSet()
  for (const month of randomMonths({ rows: 30_000, months: 30, areas: 3, categories: 3 }))
    set.replace(month)

  it('counts each hour of the wall week, as dates of the calendar say', () => {
    const expected = new Uint32Array(168)
    let total = 0
    for (const { monthNumber, minute } of set.months)
      for (const at of minute) {
        const date = new Date(Date.UTC(2000, monthNumber - 2000 * 12, 1, 0, at))
        expected[((date.getUTCDay() + 6) % 7) * 24 + date.getUTCHours()]!++
        total++
      }
    expect(weekHours(new FilteredRows(set, emptyFilter(), world), world, {})).toEqual({
      counts: expected,
      total,
    })
  })

  it('follows the filter', () => {
    const day = { from: '2020-02-03', to: '2020-02-03' }
    const { counts, total } = weekHours(
      new FilteredRows(set, { ...emptyFilter(), period: day }, world),
      world,
      {},
    )
    expect(total).toBeGreaterThan(0)
    // a Monday
    expect(counts.subarray(0, 24).reduce((sum, n) => sum + n, 0)).toBe(total)
  })
})
