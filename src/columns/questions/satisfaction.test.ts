import { describe, expect, it } from 'vitest'
import { answersOf, type PackedRatings } from '../../domain/answers/rating-columns.ts'
import type { TrendStep } from '../../domain/answers/satisfaction.ts'
import { emptyFilter } from '../../domain/filter/filter.ts'
import type { Period } from '../../domain/time/period.ts'
import { AreaShapes } from '../count/area-shapes.ts'
import { ColumnSet } from '../count/column-set.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { RatingSet, unpackRatings } from '../count/rating-set.ts'
import { ratingTrend } from './rating-trend.ts'
import { satisfaction } from './satisfaction.ts'

const base64 = (bytes: number[]): string => btoa(String.fromCharCode(...bytes))
const run = { department: 'parks', way: 'callback', isExempt: false, isGenerated: false } as const
const answered = (responded: number, solved: number, satisfied: number): number =>
  satisfied + responded * 8 + solved * 32
/** Counts by day of the month. */
const onDays = (...counts: [day: number, count: number][]): number[] =>
  Array.from({ length: 31 }, (_, at) => counts.find(([day]) => day === at + 1)?.[1] ?? 0)
const [waiting, refused, notReached] = [128, 129, 130]

const march: PackedRatings = {
  ...{ month: '2026-03', revision: '1', count: 8 },
  runs: [
    { ...run, count: 5, days: onDays([1, 2], [31, 3]) },
    { ...run, isExempt: true, count: 1, days: onDays([5, 1]) },
    { ...run, department: null, way: 'link', isGenerated: true, count: 2, days: onDays([9, 2]) },
  ],
  area: base64([0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 3, 3, 3, 2, 3]),
  category: base64([1, 1, 1, 2, 2, 1, 1, 2]),
  answer: base64([
    ...[answered(2, 2, 5), answered(2, 1, 2), waiting, refused, notReached],
    ...[answered(1, 1, 1), answered(0, 0, 4), answered(0, 2, 0)],
  ]),
}
const world = {
  areas: [
    { idx: 1, code: 'C', path: 'C/', level: 'city' },
    { idx: 2, code: 'D', path: 'C/D/', level: 'grid' },
    { idx: 3, code: 'E', path: 'C/E/', level: 'grid' },
  ],
  categories: [1, 2].map((idx) => ({ idx, code: `c${idx}`, path: `c${idx}/` })),
  ...{ cityBbox: [0, 0, 1, 1] as const, nowMinute: 0, asOfWallMinutes: 0 },
  shapes: new AreaShapes(),
  ratings: new RatingSet(),
}
world.ratings.replace(unpackRatings(march))
world.ratings.replace(
  unpackRatings({
    ...{
      month: '2026-04',
      revision: '1',
      count: 1,
      runs: [{ ...run, count: 1, days: onDays([1, 1]) }],
    },
    ...{ area: base64([0, 2]), category: base64([1]), answer: base64([answered(2, 2, 3)]) },
  }),
)
const ask = (filter = {}, options = {}) =>
  satisfaction(new FilteredRows(new ColumnSet(), { ...emptyFilter(), ...filter }, world), world, {
    months: null,
    ...options,
  })

describe('satisfaction', () => {
  it('keeps asked, reached, refused and not reached apart, and exempt ones out', () => {
    const answer = ask()
    expect(answer.all).toEqual({
      ...{ asked: 6, waiting: 1, refused: 1, notReached: 1, answeredByCall: 3, answered: 5 },
      ...{ responded: { yes: 3, of: 3 }, solved: { yes: 3, of: 4 } },
      ...{ satisfied: [0, 1, 1, 1, 1], generated: 2 },
    })
    expect(answer.exempt).toMatchObject({ asked: 1, answered: 1, satisfied: [1, 0, 0, 0, 0] })
  })

  it('sums to the same in every list', () => {
    const answer = ask()
    for (const list of ['months', 'departments'] as const)
      for (const name of ['asked', 'answered', 'waiting'] as const)
        expect(
          answer[list].reduce((sum, one) => sum + one[name], 0),
          list,
        ).toBe(answer.all[name])
    expect(answer.months.map(({ month, answered: n }) => [month, n])).toEqual([
      ['2026-03', 4],
      ['2026-04', 1],
    ])
    expect(answer.departments.map(({ code, asked }) => [code, asked])).toEqual([
      ['parks', 6],
      [null, 0],
    ])
  })

  it('follows areas and categories of the filter and the months asked for', () => {
    expect(ask({ areas: ['E'] }).all).toMatchObject({ asked: 2, answered: 1 })
    expect(ask({ categories: ['c2'] }).all).toMatchObject({ asked: 2, answered: 1 })
    const months = { from: '2026-04', to: '2026-04' }
    expect(ask({}, { months }).all).toMatchObject({ asked: 1, satisfied: [0, 0, 1, 0, 0] })
    // a period is of reports
    expect(ask({ period: { from: '2020-01-01', to: '2020-01-02' } }).all.asked).toBe(6)
  })

  it('follows days of closing, and gathers one rate by day, week or month of closing', () => {
    const days = { from: '2026-03-02', to: '2026-03-31' }
    // the first two of five rows closed on the first
    expect(ask({}, { days }).all).toMatchObject({ asked: 3, answered: 2 })
    expect(ask({}, { days: { from: '2026-03-31', to: '2026-04-01' } }).all.asked).toBe(4)
    const rows = new FilteredRows(new ColumnSet(), emptyFilter(), world)
    const points = (step: TrendStep, within: Period = null) =>
      ratingTrend(rows, world, { step, days: within })
        .points.map(({ from, to, satisfied }) => ({ from, to, ...satisfied }))
        .filter(({ n }) => n > 0)
    expect(points('day')).toEqual([
      { from: '2026-03-01', to: '2026-03-01', count: 1, n: 2 },
      { from: '2026-03-09', to: '2026-03-09', count: 1, n: 1 },
      { from: '2026-04-01', to: '2026-04-01', count: 0, n: 1 },
    ])
    // the first of March is a Sunday
    expect(points('week').map(({ from, to, n }) => [from, to, n])).toEqual([
      ['2026-02-23', '2026-03-01', 2],
      ['2026-03-09', '2026-03-15', 1],
      ['2026-03-30', '2026-04-05', 1],
    ])
    expect(points('month')).toEqual([
      { from: '2026-03-01', to: '2026-03-31', count: 2, n: 3 },
      { from: '2026-04-01', to: '2026-04-30', count: 0, n: 1 },
    ])
    expect(points('month', { from: '2026-03-02', to: '2026-03-31' })).toMatchObject([{ n: 1 }])
  })

  it('refuses damaged months', () => {
    const [first, ...others] = march.runs
    const runs = [{ ...first!, days: onDays([1, 4]) }, ...others]
    expect(() => unpackRatings({ ...march, runs })).toThrow(RangeError)
    expect(() => unpackRatings({ ...march, count: 7 })).toThrow(RangeError)
    expect(() => unpackRatings({ ...march, answer: '' })).toThrow(RangeError)
    expect(() => unpackRatings({ ...march, month: 'March' })).toThrow(RangeError)
    for (const byte of [6, 7, 131, 255]) expect(() => answersOf(byte)).toThrow(RangeError)
  })
})
