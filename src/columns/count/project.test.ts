import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packMonth, randomMonths } from '../../../tests/fixtures/columns.ts'
import {
  addDays,
  dayNumber,
  firstDayOf,
  lastDayOf,
  monthFromNumber,
} from '../../domain/time/calendar.ts'
import type { Projection } from '../../domain/answers/projection.ts'
import { areaTotals } from './area-totals.ts'
import { runTotals } from './run-totals.ts'
import { ColumnSet, unpackMonth, type MonthColumns } from './column-set.ts'
import { notClosedMonth, quantiseBox } from '../../domain/answers/columns.ts'
import { dueChoices, type DueChoice } from '../../domain/filter/due.ts'
import { compileFilter, type FilterWorld } from './filter-rules.ts'
import { emptyFilter, type IncidentFilter } from '../../domain/filter/filter.ts'
import { FilteredRows } from './filtered-rows.ts'
import { filteredMonths, passingRows, type PassingRows } from './passing-rows.ts'
import { sortByKind } from './kind-runs.ts'
import { project } from './project.ts'
import { tileTotals } from './tile-totals.ts'
import { isOpenStage, stages, type Stage } from '../../domain/vocabulary.ts'

/** No list knows area 10. */
const areas = [
  { idx: 1, code: 'C', path: 'C/' },
  ...[2, 3, 4].map((idx) => ({ idx, code: `D-${idx - 1}`, path: `C/D-${idx - 1}/` })),
  ...[5, 6, 7, 8, 9].map((idx) => ({
    idx,
    code: `G-${idx}`,
    path: `C/D-${(idx % 3) + 1}/G-${idx}/`,
  })),
  // The code begins like another district's: scope must go by path.
  { idx: 11, code: 'D-10', path: 'C/D-10/' },
]
const categories = [
  { idx: 1, code: 'waste', path: 'waste/' },
  { idx: 2, code: 'litter', path: 'waste/litter/' },
  { idx: 3, code: 'dumping', path: 'waste/dumping/' },
  { idx: 4, code: 'parking', path: 'parking/' },
]
const world: FilterWorld = {
  areas,
  categories,
  cityBbox: [0, 0, 10, 10],
  nowMinute: Date.UTC(2020, 2, 20, 12) / 60_000,
  asOfWallMinutes: Date.UTC(2020, 2, 20, 12) / 60_000,
}

interface Row {
  day: string
  month: number
  area: number
  category: number
  stage: Stage
  onHold: boolean
  closedMonth: number | null
  x: number
  y: number
  due: DueChoice | 'later' | null
  /** Rejected and merged: none. */
  openHours: number
}

function dueOf(month: MonthColumns, row: number, nowMinute: number): Row['due'] {
  const at = month.due.rows.indexOf(row)
  if (at < 0) {
    const byte = month.stage[row]!
    return byte <= 15 && isOpenStage(stages[byte]!) ? 'none' : null
  }
  const minutes = month.due.minute[at]! - nowMinute
  return minutes <= 0 ? 'overdue' : minutes <= 24 * 60 ? 'within_day' : 'later'
}

function openHoursOf(month: MonthColumns, row: number): number {
  const stage = stages[month.stage[row]! & 15]!
  if (stage === 'closed') return month.hours[row]!
  const reported = Date.UTC(1970, month.monthNumber, 1) / 60_000 + month.minute[row]!
  return isOpenStage(stage) ? Math.floor((world.asOfWallMinutes - reported) / 60) : -1
}

const rowsOf = (set: ColumnSet, { nowMinute } = world): Row[] =>
  set.months.flatMap((month) =>
    Array.from({ length: month.count }, (_, i) => ({
      day: addDays(firstDayOf(month.month), Math.floor(month.minute[i]! / 1440)),
      month: month.monthNumber,
      area: month.area[i]!,
      category: month.category[i]!,
      stage: stages[month.stage[i]! & 15]!,
      onHold: month.stage[i]! > 15,
      closedMonth:
        month.closedMonth[i] === notClosedMonth ? null : month.monthNumber + month.closedMonth[i]!,
      x: month.x[i]!,
      y: month.y[i]!,
      due: dueOf(month, i, nowMinute),
      openHours: openHoursOf(month, i),
    })),
  )

/** The slow definition; `except` names the part that a facet ignores. */
function passes(row: Row, filter: IncidentFilter, except?: string): boolean {
  const below = (nodes: typeof areas, idx: number, codes: string[]): boolean => {
    const own = nodes.find((node) => node.idx === idx)
    return codes.some((code) => {
      const chosen = nodes.find((node) => node.code === code)
      return own !== undefined && chosen !== undefined && own.path.startsWith(chosen.path)
    })
  }
  const box = filter.bbox && quantiseBox(filter.bbox, world.cityBbox)
  return (
    (except === 'period' ||
      !filter.period ||
      (row.day >= filter.period.from && row.day <= filter.period.to)) &&
    (except === 'areas' || !filter.areas.length || below(areas, row.area, filter.areas)) &&
    (except === 'categories' ||
      !filter.categories.length ||
      below(categories, row.category, filter.categories)) &&
    (except === 'stages' || !filter.stages.length || filter.stages.includes(row.stage)) &&
    (except === 'stages' || !filter.openOnly || isOpenStage(row.stage)) &&
    (!filter.onHoldOnly || row.onHold) &&
    (filter.openLonger === null || row.openHours > filter.openLonger) &&
    !filter.exceptPoints.some(([x, y]) => x === row.x && y === row.y) &&
    (except === 'due' || !filter.due.length || filter.due.some((one) => one === row.due)) &&
    (!box || (row.x >= box[0] && row.y >= box[1] && row.x <= box[2] && row.y <= box[3]))
  )
}

const tally = (rows: Row[], key: (row: Row) => number): Record<number, number> => {
  const counts: Record<number, number> = {}
  for (const row of rows) counts[key(row)] = (counts[key(row)] ?? 0) + 1
  return counts
}
const sparse = (counts: Uint32Array): Record<number, number> =>
  Object.fromEntries([...counts].flatMap((count, i) => (count ? [[i, count]] : [])))

const day = fc.integer({ min: -40, max: 420 }).map((offset) => addDays('2020-01-01', offset))
const codesOf = (nodes: { code: string }[]) =>
  fc.subarray([...nodes.map((node) => node.code), 'unknown'], { maxLength: 3 })
const period = fc.option(
  fc.tuple(day, day).map(([a, b]) => (a < b ? { from: a, to: b } : { from: b, to: a })),
)
const anyFilter: fc.Arbitrary<IncidentFilter> = fc.record({
  period,
  areas: codesOf(areas),
  categories: codesOf(categories),
  stages: fc.subarray([...stages], { maxLength: 3 }),
  openOnly: fc.boolean(),
  onHoldOnly: fc.boolean(),
  due: fc.subarray([...dueChoices]),
  bbox: fc.option(
    fc
      .tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 }))
      .map(([west, south]) => [west, south, west + 3, south + 3] as const),
  ),
  exceptPoints: fc.constant([]),
  answers: fc.constant(null),
  handling: fc.constant(null),
  openLonger: fc.option(fc.integer({ min: 0, max: 3000 }), { freq: 1 }),
})
/** Filters with shortcuts in the code, which random filters rarely hit. */
const simpleFilter = fc
  .record({ period, categories: codesOf(categories), due: fc.subarray([...dueChoices]) })
  .map((asked): IncidentFilter => ({ ...emptyFilter(), ...asked }))
const filters = fc.oneof(anyFilter, simpleFilter)
const sets = fc
  .record({
    rows: fc.integer({ min: 0, max: 400 }),
    months: fc.integer({ min: 1, max: 13 }),
    seed: fc.integer(),
  })
  .map((options) => {
    const set = new ColumnSet()
    for (const month of randomMonths({ ...options, areas: 11, categories: 4 })) set.replace(month)
    return set
  })

const withExcepted = (rows: Row[], filter: IncidentFilter, excepted: number): IncidentFilter => ({
  ...filter,
  exceptPoints: rows
    .filter((_, i) => i % 20 < excepted)
    .slice(0, 20)
    .map(({ x, y }) => [x, y] as const),
})

function expectFacets(answer: Projection, rows: Row[], filter: IncidentFilter): void {
  const only = (except?: string) => rows.filter((row) => passes(row, filter, except))
  const all = only()
  expect(answer.total).toBe(all.length)
  expect(answer.open).toBe(all.filter((row) => isOpenStage(row.stage)).length)
  expect(answer.closed).toBe(all.filter((row) => row.stage === 'closed').length)
  expect(answer.onHold).toBe(all.filter((row) => row.onHold).length)
  expect(sparse(answer.byArea)).toEqual(tally(only('areas'), (row) => row.area))
  expect(sparse(answer.openByArea)).toEqual(
    tally(
      only('areas').filter((row) => isOpenStage(row.stage)),
      (row) => row.area,
    ),
  )
  expect(sparse(answer.byCategory)).toEqual(tally(only('categories'), (row) => row.category))
  expect(sparse(answer.byStage)).toEqual(tally(only('stages'), (row) => stages.indexOf(row.stage)))
  for (const choice of dueChoices) {
    const due = (except: string) => only(except).filter((row) => row.due === choice)
    expect(answer.due[choice]).toBe(due('due').length)
    expect(sparse(answer.dueByArea[choice])).toEqual(tally(due('areas'), (row) => row.area))
  }
  const firstDay = dayNumber(answer.histogram.firstDay)
  expect(sparse(answer.histogram.counts)).toEqual(
    tally(only('period'), (row) => dayNumber(row.day) - firstDay),
  )
}

function expectFlows(
  answer: Projection,
  rows: Row[],
  filter: IncidentFilter,
  first: number | undefined,
  last: number,
): void {
  const lived = rows.filter(
    (row) => passes(row, filter, 'period') && (isOpenStage(row.stage) || row.stage === 'closed'),
  )
  const months =
    first === undefined
      ? []
      : Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((number) => {
          const month = monthFromNumber(number)
          const { period } = filter
          return !period || (firstDayOf(month) <= period.to && lastDayOf(month) >= period.from)
        })
  expect(answer.months).toEqual(
    months.map((number) => ({
      month: monthFromNumber(number),
      received: rows.filter((row) => row.month === number && passes(row, filter)).length,
      closed: lived.filter((row) => row.closedMonth === number).length,
      backlog: lived.filter(
        (row) => row.month <= number && (row.closedMonth === null || row.closedMonth > number),
      ).length,
      overdue: rows.filter(
        (row) => row.month === number && row.due === 'overdue' && passes(row, filter),
      ).length,
    })),
  )
}

describe('project', () => {
  it('counts every facet as its definition does', () => {
    fc.assert(
      fc.property(sets, filters, fc.nat(3), (set, asked, excepted) => {
        const rows = rowsOf(set)
        const filter = withExcepted(rows, asked, excepted)
        expectFacets(project(set, filter, world), rows, filter)
      }),
      { numRuns: 300 },
    )
  })

  it('follows received, closed and backlog month by month', () => {
    fc.assert(
      fc.property(sets, filters, fc.integer({ min: 0, max: 6 }), (set, filter, later) => {
        const first = set.months[0]?.monthNumber
        const last = (set.months.at(-1)?.monthNumber ?? 0) + later
        const answer = project(set, filter, world, last)
        expectFlows(answer, rowsOf(set), filter, first, last)
      }),
      { numRuns: 300 },
    )
  })

  it('counts the same where totals answer, while months are replaced and removed', () => {
    const dense = fc.record({ months: fc.integer({ min: 2, max: 5 }), seed: fc.integer() })
    const edits = fc.array(fc.record({ at: fc.nat(4), seed: fc.integer(), isGone: fc.boolean() }), {
      maxLength: 2,
    })
    const whole = fc.constantFrom(
      null,
      { from: '2020-01-01', to: '2020-03-31' },
      { from: '2020-03-31', to: '2020-12-31' },
      { from: '2019-12-31', to: '2020-04-01' },
    )
    // few parts each, or hardly anything passes
    const mild = fc
      .record(
        {
          areas: codesOf(areas),
          categories: codesOf(categories),
          stages: fc.constant<Stage[]>(['closed']),
          openOnly: fc.constant(true),
        },
        { requiredKeys: [] },
      )
      .map((parts): IncidentFilter => ({ ...emptyFilter(), ...parts }))
    const onlyAreas = codesOf(areas).map((some) => ({ ...emptyFilter(), areas: some }))
    const plain = fc.oneof(mild, onlyAreas, fc.constant(emptyFilter()))
    const asked: fc.Arbitrary<IncidentFilter> = fc.oneof(
      filters,
      fc.tuple(plain, whole).map(([filter, period]) => ({ ...filter, period, due: [] })),
      // a box that holds some areas wholly
      fc
        .tuple(
          plain,
          whole,
          fc.constantFrom([0, 0, 1.2, 10] as const, [1.3, 0.7, 2.2, 10] as const),
        )
        .map(([filter, period, bbox]) => ({ ...filter, period, bbox, due: [] })),
    )
    const questions = fc.array(asked, { minLength: 3, maxLength: 3 })
    const minutesLater = fc.integer({ min: -50_000, max: 150_000 })
    const used = { areas: 0, tiles: 0, runs: 0 }
    /** In a quarter of the city: fewer tiles have more rows. */
    const squeezed = (month: MonthColumns): MonthColumns => ({
      ...month,
      x: month.x.map((x) => x >> 2),
      y: month.y.map((y) => y >> 2),
    })
    fc.assert(
      fc.property(
        dense,
        edits,
        questions,
        fc.constantFrom(0, 0, 1),
        minutesLater,
        ({ months, seed }, changes, filtersAsked, excepted, later) => {
          const now = { ...world, nowMinute: world.nowMinute + later }
          const set = new ColumnSet()
          const of = { rows: 2200 * months, months, areas: 9, categories: 2, placed: true }
          for (const month of randomMonths({ ...of, seed }))
            set.replace(sortByKind(squeezed(month)))
          // totals of before an edit must not be used after it
          project(set, emptyFilter(), now)
          project(set, { ...emptyFilter(), openOnly: true }, now)
          for (const { at, seed: other, isGone } of changes) {
            const month = randomMonths({ ...of, rows: of.rows - 100, seed: other })[at % months]!
            if (isGone) set.remove(month.month)
            else set.replace(sortByKind(squeezed(month)))
          }
          const rows = rowsOf(set, now)
          const first = set.months[0]?.monthNumber
          const last = set.months.at(-1)?.monthNumber ?? 0
          for (const one of filtersAsked) {
            const filter = withExcepted(rows, one, excepted)
            const answer = project(set, filter, now, last)
            expectFacets(answer, rows, filter)
            expectFlows(answer, rows, filter, first, last)
            expect(new FilteredRows(set, filter, now).count).toBe(answer.total)
            for (const month of set.months) {
              used.areas += areaTotals(month) ? 1 : 0
              const isBox =
                compileFilter(filter, now).onlyPlaces && filter.bbox && !filter.areas.length
              used.tiles += isBox && tileTotals(month) ? 1 : 0
              used.runs += runTotals(month) ? 1 : 0
            }
          }
        },
      ),
      { numRuns: 15 },
    )
    for (const times of Object.values(used)) expect(times).toBeGreaterThan(0)
  })

  it('finds what passes, for the heat picture', () => {
    fc.assert(
      fc.property(sets, filters, (set, filter) => {
        const found = (passing: PassingRows) =>
          passing.flatMap(({ month, spans, rows }) => {
            const one = new ColumnSet()
            one.replace(month)
            const all = rowsOf(one)
            const isIn = (row: number): boolean =>
              spans.some((start, at) => at % 2 === 0 && row >= start && row < spans[at + 1]!)
            return rows ? [...rows].map((i) => all[i]) : all.filter((_, i) => isIn(i))
          })
        const expected = rowsOf(set).filter((row) => passes(row, filter))
        expect(found(passingRows(filteredMonths(set, filter, world)))).toEqual(expected)
      }),
    )
  })

  it('answers an empty set with zeros', () => {
    const answer = project(new ColumnSet(), emptyFilter(), world, 24_300)
    expect(answer).toMatchObject({ total: 0, open: 0, closed: 0, months: [] })
    expect(answer.histogram.counts).toHaveLength(0)
    expect(answer.byArea).toHaveLength(12)
  })
})

describe('ColumnSet', () => {
  it('replaces a month in place and keeps the order', () => {
    const [january, february, march] = randomMonths({ rows: 30, months: 3 })
    const set = new ColumnSet()
    for (const month of [march!, january!, february!]) set.replace(month)
    expect(set.months.map((month) => month.month)).toEqual(['2020-01', '2020-02', '2020-03'])
    const [newer] = randomMonths({ rows: 3, months: 1, firstMonth: '2020-02', seed: 9 })
    set.replace(newer!)
    expect(set.count).toBe(23)
    expect(set.months[1]).toBe(newer)
    set.replace({ ...newer!, count: 0 })
    expect(set.months.map((month) => month.month)).toEqual(['2020-01', '2020-03'])
  })

  it('unpacks what the database packs', () => {
    for (const month of randomMonths({ rows: 500, months: 3 }))
      expect(unpackMonth(packMonth(month))).toEqual(month)
  })

  it('refuses a torn month', () => {
    const [month] = randomMonths({ rows: 10, months: 1 })
    const packed = packMonth(month!)
    expect(() => unpackMonth({ ...packed, count: 11 })).toThrow(RangeError)
    expect(() => unpackMonth({ ...packed, y: packed.y.slice(4) })).toThrow(
      /column y holds 17 bytes/,
    )
    expect(() => unpackMonth({ ...packed, due: packed.due.slice(4) })).toThrow(/column due/)
    expect(() => unpackMonth({ ...packed, month: '2020-13' })).toThrow(RangeError)
  })
})
