import { describe, expect, it } from 'vitest'
import { AreaShapes } from '../count/area-shapes.ts'
import { randomMonths } from '../../../tests/fixtures/columns.ts'
import { notClosedHours } from '../../domain/answers/columns.ts'
import { openDays } from '../../domain/answers/closing.ts'
import { emptyFilter, type IncidentFilter } from '../../domain/filter/filter.ts'
import { isOpenStage, stages } from '../../domain/vocabulary.ts'
import { ColumnSet } from '../count/column-set.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { closing } from './closing.ts'

const world = {
  areas: [
    { idx: 1, code: 'C', path: 'C/', level: 'city' },
    { idx: 2, code: 'D', path: 'C/D/', level: 'community' },
    { idx: 3, code: 'E', path: 'C/E/', level: 'community' },
    { idx: 4, code: 'G', path: 'C/D/G/', level: 'grid' },
    { idx: 5, code: 'H', path: 'C/E/H/', level: 'grid' },
  ],
  categories: [],
  cityBbox: [0, 0, 1, 1] as const,
  nowMinute: 0,
  asOfWallMinutes: Date.UTC(2020, 5, 15) / 60_000,
  shapes: new AreaShapes(),
}
const options = { withinDays: 7, areaLevel: 'community' as const }

const set = new ColumnSet()
for (const month of randomMonths({ rows: 3000, months: 6, areas: 5, categories: 4 }))
  set.replace(month)

const rows = set.months.flatMap((month) =>
  Array.from({ length: month.count }, (_, i) => {
    const reported = Date.UTC(2020, month.monthNumber % 12, 1) / 60_000 + month.minute[i]!
    return {
      age: Math.max(0, Math.floor((world.asOfWallMinutes - reported) / 60)),
      stage: stages[month.stage[i]! & 15]!,
      hours: month.hours[i]!,
      area: month.area[i]!,
      category: month.category[i]!,
    }
  }),
)

/** Kaplan–Meier row by row. */
function naiveQuantile(sample: typeof rows, p: number): number | null {
  const ends = sample.map((row) => ({
    time: row.stage === 'closed' ? row.hours : row.age,
    closed: row.stage === 'closed',
  }))
  let survival = 1
  for (const time of [...new Set(ends.map((end) => end.time))].sort((a, b) => a - b)) {
    const atRisk = ends.filter((end) => end.time >= time).length
    survival *= 1 - ends.filter((end) => end.time === time && end.closed).length / atRisk
    if (survival <= 1 - p + 1e-12) return time
  }
  return null
}

const ask = (of: ColumnSet, filter: IncidentFilter) =>
  closing(new FilteredRows(of, filter, world), world, options)

describe('the question "closing"', () => {
  const summary = ask(set, emptyFilter())
  const counted = rows.filter((row) => row.stage === 'closed' || isOpenStage(row.stage))

  it('keeps the open ones and says who was left out', () => {
    expect(summary.n).toBe(counted.length)
    expect(summary.closed).toBe(counted.filter((row) => row.stage === 'closed').length)
    expect(summary.open).toBe(counted.filter((row) => row.hours === notClosedHours).length)
    expect(summary.withdrawn).toBe(rows.length - counted.length)
  })

  it('gives the same of all together without the groups', () => {
    const whole = closing(new FilteredRows(set, emptyFilter(), world), world, {
      ...options,
      isWhole: true,
    })
    expect(whole).toEqual({
      ...{ ...summary, byCategory: [], byArea: [] },
      options: { ...options, isWhole: true },
    })
  })

  it('finds median and 90th percentile, together and by group', () => {
    expect(summary.median.time).toBe(naiveQuantile(counted, 0.5))
    expect(summary.p90.time).toBe(naiveQuantile(counted, 0.9))
    expect(summary.byCategory.map((group) => group.idx)).toEqual([1, 2, 3, 4])
    for (const group of summary.byCategory) {
      const own = counted.filter((row) => row.category === group.idx)
      expect(group.n).toBe(own.length)
      expect(group.median.time).toBe(naiveQuantile(own, 0.5))
      expect(group.median.low! <= group.median.time!).toBe(true)
    }
  })

  it('groups areas at the wanted level', () => {
    expect(summary.byArea.map((group) => group.idx)).toEqual([2, 3])
    const under = (idx: number) => counted.filter((row) => row.area === idx || row.area === idx + 2)
    for (const group of summary.byArea) {
      expect(group.n).toBe(under(group.idx).length)
      expect(group.median.time).toBe(naiveQuantile(under(group.idx), 0.5))
    }
  })

  it('judges only those whose days have run out', () => {
    const due = counted.filter((row) => row.age >= 168)
    expect(summary.within).toMatchObject({
      n: due.length,
      count: due.filter((row) => row.stage === 'closed' && row.hours < 168).length,
      tooRecent: counted.length - due.length,
    })
    expect(summary.within.tooRecent).toBeGreaterThan(0)
  })

  it('thins the curve without losing its end', () => {
    const { hours, open, low, high } = summary.curve
    expect(hours.length).toBeLessThanOrEqual(200)
    expect(new Set([open.length, low.length, high.length])).toEqual(new Set([hours.length]))
    const last = Math.max(...counted.filter((r) => r.stage === 'closed').map((r) => r.hours))
    expect(hours.at(-1)).toBe(last)
  })

  it('says of each step how many were seen open for longer, and a filter finds just these', () => {
    const { curve, longerThanDays } = summary
    const seenOver = (hours: number) =>
      counted.filter((row) => (row.stage === 'closed' ? row.hours : row.age) > hours).length
    const found = (openLonger: number) =>
      new FilteredRows(set, { ...emptyFilter(), openLonger }, world).count
    const told = [
      ...longerThanDays.map((longer, at) => [openDays[at]! * 24, longer] as const),
      ...[0, 1, 57, curve.hours.length - 1].map(
        (at) => [curve.hours[at]!, curve.longer[at]!] as const,
      ),
    ]
    for (const [hours, longer] of told) {
      expect([hours, longer]).toEqual([hours, seenOver(hours)])
      expect([hours, found(hours)]).toEqual([hours, longer])
    }
    expect(told.some(([, longer]) => longer > 0 && longer < counted.length)).toBe(true)
  })

  it('obeys the filter and answers nobody with nulls', () => {
    const one = ask(set, { ...emptyFilter(), areas: ['D'] })
    expect(one.byArea.map((group) => group.idx)).toEqual([2])
    const none = ask(new ColumnSet(), emptyFilter())
    expect(none).toMatchObject({ n: 0, median: { time: null }, within: { share: null } })
    expect(none.byArea).toEqual([])
  })
})
