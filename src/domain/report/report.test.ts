import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compareCounts } from '../../stats/change.ts'
import { judgedChange } from '../answers/satisfaction-judged.ts'
import type { ReportFigures } from './figures.ts'
import {
  isReportMonth,
  monthsTo,
  reportDays,
  reportMonths,
  usualReportMonth,
} from './report-days.ts'
import type { Sentence } from './sentence.ts'
import { summaryOf } from './summary.ts'

const span = {
  ...{ firstMonth: '2024-11', lastMonth: '2026-11', lastDay: '2026-11-26' },
  defaultFrom: '2025-12',
}

describe('the days of a report', () => {
  it('are whole months, the one before and the one a year ago', () => {
    expect(reportDays('2026-03', span)).toEqual({
      month: '2026-03',
      days: { from: '2026-03-01', to: '2026-03-31' },
      before: { from: '2026-02-01', to: '2026-02-28' },
      yearAgo: { from: '2025-03-01', to: '2025-03-31' },
      isOver: true,
    })
  })

  it('of a month under way end with the data, and so do those compared', () => {
    const { days, before, isOver } = reportDays('2026-11', span)!
    expect([days.to, before!.to, isOver]).toEqual(['2026-11-26', '2026-10-26', false])
    const march = reportDays('2026-03', { ...span, lastDay: '2026-03-31' })!
    expect([march.before!.to, march.isOver]).toEqual(['2026-02-28', false])
  })

  it('are none before the data and after them', () => {
    expect(reportDays('2024-10', span)).toBeNull()
    expect(reportDays('2026-12', span)).toBeNull()
    expect(reportDays('2024-11', span)).toMatchObject({ before: null, yearAgo: null })
    expect(['2026-13', '26-10', '2026-1', '2026-10-01'].some(isReportMonth)).toBe(false)
  })

  it('are usually of the last month that is over', () => {
    expect(usualReportMonth(span)).toBe('2026-10')
    expect(usualReportMonth({ ...span, lastMonth: '2026-08' })).toBe('2026-08')
    expect(reportMonths(span).length).toBe(25)
    expect(monthsTo({ from: '2026-03-01', to: '2026-03-31' }, 12).from).toBe('2025-04-01')
  })
})

const nothing = { now: { count: 0, n: 0 }, before: null, yearAgo: null }
const quiet: ReportFigures = {
  ...{ month: '2026-10', monthBefore: '2026-09', yearAgo: '2025-10', until: null },
  reported: { now: { count: 100, days: 31 }, before: null, yearAgo: null },
  flow: null,
  time: { n: 100, open: 3, median: { time: 40, low: 30, high: 50 } },
  week: nothing,
  response: nothing,
  rates: { responded: nothing, solved: nothing, satisfied: nothing },
  ...{ inTime: nothing, withoutClock: 0, categories: [], days: { now: 31, before: 30 } },
  ...{ areas: null, trend: null },
}
const sentencesOf = (changes: Partial<ReportFigures>): Sentence[] =>
  summaryOf({ ...quiet, ...changes }).flatMap(({ sentences }) => sentences)
const kinds = (changes: Partial<ReportFigures>): string[] =>
  sentencesOf(changes).map(({ kind }) => kind)
const satisfied = (now: [number, number], before: [number, number] | null) => ({
  rates: {
    ...quiet.rates,
    satisfied: {
      now: { count: now[0], n: now[1] },
      before: before && { count: before[0], n: before[1] },
      yearAgo: null,
    },
  },
})

describe('the summary of a report', () => {
  it('calls a change of counts clear only where its interval leaves out none', () => {
    const told = (now: number, before: number) =>
      sentencesOf({
        reported: {
          now: { count: now, days: 31 },
          before: { count: before, days: 30 },
          yearAgo: null,
        },
      }).find(({ kind }) => kind.startsWith('count.'))!
    fc.assert(
      fc.property(fc.nat(400), fc.nat(400), (now, before) => {
        const { kind, words } = told(now, before)
        if (now + before < 6) return void expect(kind).toBe('count.few')
        if (before === 0) return void expect(kind).toBe('count.new')
        const { low, high } = compareCounts(now, before, { exposureNow: 31, exposureBefore: 30 })
        expect(kind).toBe(low > 1 || high! < 1 ? 'count.clear' : 'count.same')
        expect([words.low, words.high]).toEqual([{ ratio: low }, { ratio: high }])
      }),
    )
    // as many a day in months of other lengths
    expect(told(310, 300).words.share).toEqual({ ratio: expect.closeTo(1, 12) })
  })

  it('calls a share better or worse only where Newcombe’s interval leaves out none', () => {
    const counts = fc
      .tuple(fc.nat(300), fc.nat(300))
      .map(([yes, no]): [number, number] => [yes, yes + no])
    fc.assert(
      fc.property(counts, counts, (now, before) => {
        const found = kinds(satisfied(now, before)).filter((kind) =>
          /^(satisfied|share|weak)/.test(kind),
        )
        if (now[1] < 10) return void expect(found).toEqual(['satisfied.tooFew'])
        const { low, high } = judgedChange(
          { count: now[0], n: now[1] },
          { count: before[0], n: before[1] },
        )
        const verdict = before[1] < 10 ? 'few' : low! > 0 ? 'better' : high! < 0 ? 'worse' : 'same'
        expect(found).toEqual([
          ...['satisfied.share', ...(now[1] < 30 ? ['weak'] : [])],
          `share.${verdict}`,
        ])
      }),
    )
  })

  it('ties 12 of 13 with 13 of 13, and calls both weak', () => {
    expect(kinds(satisfied([12, 13], [13, 13])).slice(-5)).toEqual([
      ...['satisfied.share', 'weak', 'share.same', 'solved.tooFew', 'responded.tooFew'],
    ])
  })

  it('says that a month is not over, and nothing of its end', () => {
    expect(kinds({ until: '2026-11-26' })[0]).toBe('partial')
    expect(kinds({})).not.toContain('partial')
  })

  it('names categories only after correction for their number', () => {
    const category = (idx: number, now: number, before: number) => ({ idx, now, before })
    // 25 against 11 are clear alone, and not as the best of twenty
    const one = [category(0, 25, 11)]
    const many = [...one, ...Array.from({ length: 19 }, (_, at) => category(at + 1, 20, 20))]
    expect(kinds({ categories: one })).toContain('category.clear')
    expect(kinds({ categories: many })).not.toContain('category.clear')
    expect(kinds({ categories: many })).toContain('category.same')
  })

  it('says by what the time to close is limited, or that too few tell it', () => {
    const time = (n: number, median: ReportFigures['time']['median']) =>
      kinds({ time: { n, open: 1, median } }).find((kind) => kind.startsWith('time.'))
    expect(time(100, { time: 40, low: 30, high: 50 })).toBe('time.half')
    expect(time(100, { time: 40, low: 30, high: null })).toBe('time.from')
    expect(time(100, { time: null, low: 30, high: null })).toBe('time.notHalf')
    expect(time(9, { time: 40, low: 30, high: 50 })).toBe('time.tooFew')
    expect(time(0, { time: null, low: null, high: null })).toBeUndefined()
  })

  it('names areas only beyond the limits of chance, and none where one alone is judged', () => {
    const areas = { months: 12, judged: 30, tooFew: 4, low: [], high: [] } as const
    const mission = { idx: 7, share: 0.67, low: 0.61, high: 0.73 }
    expect(kinds({ areas: { ...areas, low: [], high: [] } }).slice(-3)).toEqual([
      ...['areas.year', 'areas.same', 'areas.tooFew'],
    ])
    expect(kinds({ areas: { ...areas, low: [mission], high: [] } }).slice(-3)).toEqual([
      ...['areas.year', 'areas.low', 'areas.tooFew'],
    ])
    expect(kinds({ areas: { ...areas, judged: 1, low: [], high: [] } }).slice(-1)).toEqual([
      'areas.tooFew',
    ])
  })

  it('says of how many a share in time does not speak', () => {
    const inTime = { now: { count: 3, n: 40 }, before: null, yearAgo: null }
    const all = sentencesOf({ inTime, withoutClock: 145 })
    expect(all.find(({ kind }) => kind === 'inTime.without')?.numbers).toEqual({ count: 145 })
    expect(kinds({ inTime })).not.toContain('inTime.without')
    expect(kinds({})).toContain('inTime.none')
  })

  it('marks the trend by its rule', () => {
    const trend = { share: 0.9, low: 0.68, high: 0.94, points: 8, isTrial: true }
    const cause = { rule: 'shift', direction: 'high', meaning: 'improvement' } as const
    expect(kinds({ trend: { ...trend, cause } }).slice(-2)).toEqual([
      ...['trend.improvement', 'trend.trial'],
    ])
    expect(kinds({ trend: { ...trend, isTrial: false, cause: null } }).at(-1)).toBe('trend.usual')
  })
})

describe('the sentences in both languages', () => {
  const summaries = (['en', 'zh-CN'] as const).map((locale) => {
    const file = join(import.meta.dirname, '../../locales', locale, 'report.json')
    return (JSON.parse(readFileSync(file, 'utf8')) as { summary: object }).summary
  })
  const textOf = (summary: object, kind: string): string =>
    String(kind.split('.').reduce<unknown>((at, part) => (at as never)?.[part], summary))
  const namesIn = (text: string): string[] =>
    [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)

  it('use only what their rule gives, and tell each interval that it gives', () => {
    const category = { idx: 1, now: 90, before: 20 }
    const share = (count: number, n: number) => ({ count, n })
    const all = {
      ...{ now: share(50, 100), before: share(90, 100), yearAgo: share(10, 100) },
    }
    const mission = { idx: 7, share: 0.67, low: 0.61, high: 0.73 }
    const told = [
      {},
      {
        reported: { now: { count: 90, days: 31 }, before: { count: 20, days: 30 }, yearAgo: null },
        flow: { closed: 3, open: 4, openBefore: 5 },
        rates: { responded: all, solved: all, satisfied: all },
        ...{ week: all, inTime: all, withoutClock: 4, categories: [category], until: '2026-10-04' },
        areas: { months: 1 as const, judged: 3, tooFew: 1, low: [mission], high: [mission] },
      },
      satisfied([12, 13], [12, 13]),
    ].flatMap(sentencesOf)
    expect(new Set(told.map(({ kind }) => kind)).size).toBeGreaterThan(15)
    for (const { kind, numbers, words } of told)
      for (const summary of summaries) {
        const given = Object.keys({ ...numbers, ...words })
        const used = namesIn(textOf(summary, kind))
        expect(
          used.filter((name) => !given.includes(name)),
          kind,
        ).toEqual([])
        for (const limit of ['low', 'high'].filter((name) => given.includes(name)))
          expect(used, kind).toContain(limit)
      }
  })
})
