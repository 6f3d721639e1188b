import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addDays } from '../time/calendar.ts'
import {
  againstChoices,
  decodeFilter,
  encodeFilter,
  filterKeys,
  filterToRpc,
} from './filter-url.ts'
import { dueChoices } from './due.ts'
import {
  answerChoices,
  emptyFilter,
  handlingOutcomes,
  maxExceptPoints,
  mostOpenHours,
  type IncidentFilter,
} from './filter.ts'
import { stages } from '../vocabulary.ts'

const day = fc.integer({ min: 0, max: 20_000 }).map((number) => addDays('1970-01-01', number))
const code = fc.stringMatching(/^[A-Za-z0-9_.-]{1,40}$/)
const degrees = (limit: number) =>
  fc.integer({ min: -limit * 1e5, max: limit * 1e5 - 1 }).map((value) => value / 1e5)
const quantised = fc.integer({ min: 0, max: 65_535 })
const period = fc.option(
  fc.tuple(day, day).map(([a, b]) => (a < b ? { from: a, to: b } : { from: b, to: a })),
)
const filters: fc.Arbitrary<IncidentFilter> = fc.record({
  period,
  areas: fc.uniqueArray(code, { maxLength: 4 }),
  categories: fc.uniqueArray(code, { maxLength: 4 }),
  stages: fc.subarray([...stages]),
  openOnly: fc.boolean(),
  onHoldOnly: fc.boolean(),
  due: fc.subarray([...dueChoices]),
  bbox: fc.option(
    fc.tuple(degrees(180), degrees(90)).map(([west, south]) => [west, south, 180, 90] as const),
  ),
  exceptPoints: fc.uniqueArray(fc.tuple(quantised, quantised), {
    maxLength: maxExceptPoints,
    selector: String,
  }),
  answers: fc.option(
    fc.record({
      said: fc.subarray([...answerChoices], { minLength: 1 }),
      closed: period,
      closers: fc.uniqueArray(code, { maxLength: 2 }),
    }),
  ),
  handling: fc.option(
    fc.record({
      outcomes: fc.subarray([...handlingOutcomes], { minLength: 1 }),
      departments: fc.uniqueArray(code, { maxLength: 2 }),
    }),
  ),
  openLonger: fc.option(fc.integer({ min: 0, max: mostOpenHours })),
})

describe('filter in the URL', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(
        filters,
        fc.option(code),
        fc.option(fc.constantFrom(...againstChoices)),
        (filter, drill, against) => {
          const search = new URLSearchParams(encodeFilter(filter, drill, against)).toString()
          const query = Object.fromEntries(new URLSearchParams(search))
          expect(decodeFilter(query)).toEqual({
            ...{ filter, drill, against },
            ...{ periodGiven: true, ignored: [] },
          })
        },
      ),
    )
  })

  it('survives anything and says what it left out', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constant(null),
      fc.array(fc.option(fc.string()), { maxLength: 3 }),
      fc.constantFrom('2024-02-30', 'all', '1', 'closed~', '1~2~3~4', '-122~37~-122~38'),
    )
    const query = fc.dictionary(fc.constantFrom(...filterKeys), value)
    fc.assert(
      fc.property(query, (given) => {
        const { filter, ignored, drill } = decodeFilter(given)
        const again = decodeFilter(encodeFilter(filter, drill))
        expect(again.filter).toEqual(filter)
        expect(again.ignored).toEqual([])
        for (const key of ignored) expect(Object.keys(given)).toContain(key)
      }),
    )
  })

  it.each([
    [{ from: '2024-02-30', to: '2024-03-01' }, ['from', 'to']],
    [{ from: '2024-03-02', to: '2024-03-01' }, ['from', 'to']],
    [{ from: '2024-03-02' }, ['from']],
    [{ stage: 'closed~nonsense' }, ['stage']],
    [{ open: 'yes' }, ['open']],
    [{ due: 'overdue~tomorrow' }, ['due']],
    [{ bbox: '1~2~1~4' }, ['bbox']],
    [{ answer: 'unsolved~no', closed: '2026-01-02~2026-01-01' }, ['answer', 'closed']],
    [{ closed: '2026-01-01~2026-01-02', closer: 'parks' }, ['closed', 'closer']],
    [{ handling: 'late~never' }, ['handling']],
    [{ handler: 'parks' }, ['handler']],
    [{ longer: '-1' }, ['longer']],
    [{ longer: '60001' }, ['longer']],
    [{ longer: '1e3' }, ['longer']],
    [{ area: 'SF-N-1~<b>' }, ['area']],
    [{ in: '../x' }, ['in']],
    [{ vs: 'last_week' }, ['vs']],
    [{}, []],
  ])('of %j ignores %j', (query, ignored) => expect(decodeFilter(query).ignored).toEqual(ignored))

  it('tells all time from the default period', () => {
    expect(decodeFilter({}).periodGiven).toBe(false)
    expect(decodeFilter({ from: 'all' })).toMatchObject({ periodGiven: true, ignored: [] })
    expect(encodeFilter(emptyFilter())).toEqual({ from: 'all' })
  })

  it('sends the database only what narrows', () => {
    expect(filterToRpc(emptyFilter())).toEqual({})
    const full: IncidentFilter = {
      period: { from: '2024-01-01', to: '2024-12-31' },
      areas: ['A'],
      categories: ['b'],
      stages: ['closed'],
      openOnly: true,
      onHoldOnly: true,
      due: ['overdue'],
      bbox: [1, 2, 3, 4],
      exceptPoints: [[1, 2]],
      answers: {
        said: ['unsolved'],
        closed: { from: '2024-02-01', to: '2024-02-29' },
        closers: ['parks'],
      },
      handling: { outcomes: ['late'], departments: ['streets'] },
      openLonger: 0,
    }
    const { period: days, answers, handling, ...others } = full
    expect(filterToRpc(full)).toEqual({
      ...{ ...days, ...others, answers: answers!.said, closers: ['parks'] },
      ...{ closedFrom: '2024-02-01', closedTo: '2024-02-29' },
      ...{ handling: handling!.outcomes, handlers: ['streets'] },
    })
  })
})
