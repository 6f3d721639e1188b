import type { ClosingSummary } from '../answers/closing.ts'
import type { Projection } from '../answers/projection.ts'
import type { Fraction } from '../answers/rates.ts'
import {
  answersToJudge,
  goodAnswers,
  responseOf,
  satisfactionRates,
  type FairRanking,
  type RatingTrend,
  type Satisfaction,
} from '../answers/satisfaction.ts'
import { judgedTrend } from '../answers/satisfaction-judged.ts'
import { rollUp } from '../city/roll-up.ts'
import { dayNumber, monthFromNumber, monthNumber } from '../time/calendar.ts'
import type { AreaFindings, Compared, Counted, ReportFigures, TrendFinding } from './figures.ts'
import type { ReportDays } from './report-days.ts'

/** Answers of the columns about a month and those it is compared with. */
export interface ReportAnswers {
  days: ReportDays
  incidents: Compared<Projection>
  closing: Compared<ClosingSummary>
  ratings: Compared<Satisfaction>
  /** By month, the last one that of the report. */
  trend: RatingTrend
  /** Of the areas right below; null without any. */
  fair: { months: 1 | 12; ranking: FairRanking } | null
  /** Closed in time, of those due. */
  inTime: Compared<Fraction>
  /** Incidents of the month with a clock, held ones too. */
  clocked: number
}

interface CategoryNode {
  idx: number
  code: string
  parentCode: string | null
}

const daysIn = ({ from, to }: { from: string; to: string }): number =>
  dayNumber(to) - dayNumber(from) + 1

const compared = <T, R>(
  { now, before, yearAgo }: Compared<T>,
  read: (one: T) => R,
): Compared<R> => ({
  now: read(now),
  before: before && read(before),
  yearAgo: yearAgo && read(yearAgo),
})

/** Figures of the report, from the answers of the pages' own questions. */
export function reportFigures(
  answers: ReportAnswers,
  categories: readonly CategoryNode[],
): ReportFigures {
  const { days, incidents, closing, ratings, inTime } = answers
  const number = monthNumber(days.month)
  const month = (back: number) => monthFromNumber(number - back)
  const total = (at: keyof Compared<Projection>, of: { from: string; to: string } | null) =>
    of && incidents[at] ? { count: incidents[at].total, days: daysIn(of) } : null
  return {
    ...{ month: days.month, monthBefore: month(1), yearAgo: month(12) },
    until: days.isOver ? null : days.days.to,
    reported: {
      now: total('now', days.days)!,
      before: total('before', days.before),
      yearAgo: total('yearAgo', days.yearAgo),
    },
    flow: days.isOver ? flowOf(incidents) : null,
    time: {
      ...{ n: closing.now.n, open: closing.now.open, median: closing.now.median },
    },
    week: compared(closing, ({ within: { count, n } }): Counted => ({ count, n })),
    rates: Object.fromEntries(
      satisfactionRates.map((rate) => [
        rate,
        compared(ratings, ({ all }) => goodAnswers(all, rate)),
      ]),
    ) as ReportFigures['rates'],
    response: compared(ratings, ({ all }) => {
      const { called, answered } = responseOf(all)
      return { count: answered, n: called }
    }),
    inTime: compared(inTime, ({ numerator, denominator }) => ({
      count: numerator,
      n: denominator,
    })),
    withoutClock: Math.max(0, incidents.now.total - answers.clocked),
    categories: topCategories(incidents, categories),
    days: { now: daysIn(days.days), before: days.before && daysIn(days.before) },
    areas: answers.fair && areaFindings(answers.fair),
    trend: trendOf(answers),
  }
}

function flowOf({ now, before }: Compared<Projection>): ReportFigures['flow'] {
  const [own, then] = [now.months.at(-1), before?.months.at(-1)]
  return own ? { closed: own.closed, open: own.backlog, openBefore: then?.backlog ?? null } : null
}

/** The most reported first. */
function topCategories(
  { now, before }: Compared<Projection>,
  categories: readonly CategoryNode[],
): ReportFigures['categories'] {
  const [own, then] = [now, before].map((one) => one && rollUp(one.byCategory, categories))
  const known = new Set(categories.map(({ code }) => code))
  return categories
    .filter(({ parentCode }) => parentCode === null || !known.has(parentCode))
    .map(({ idx }) => ({ idx, now: own?.[idx] ?? 0, before: then ? (then[idx] ?? 0) : null }))
    .filter((one) => one.now + (one.before ?? 0) > 0)
    .toSorted((a, b) => b.now - a.now || a.idx - b.idx)
}

function areaFindings({ months, ranking }: NonNullable<ReportAnswers['fair']>): AreaFindings {
  const beyond = (zone: 'very-low' | 'very-high') =>
    ranking.ranked
      .filter((one) => one.zone === zone)
      .map(({ idx, share, low, high }) => ({ idx, share, low, high }))
  return {
    ...{ months, judged: ranking.ranked.length, tooFew: ranking.tooFew.length },
    ...{ low: beyond('very-low'), high: beyond('very-high') },
  }
}

function trendOf({ trend, days }: ReportAnswers): TrendFinding | null {
  const points = trend.points
    .map(({ from, satisfied }) => ({ from, ...satisfied }))
    .filter(({ n }) => n >= answersToJudge.least)
  const own = points.at(-1)
  const { limits, causes } = judgedTrend(points)
  if (!own || own.from !== days.days.from || !limits) return null
  return {
    ...{ share: own.count / own.n, low: limits.low, high: limits.high },
    ...{ points: limits.points, isTrial: limits.isTrial },
    cause: causes.at(-1) ?? null,
  }
}

/** Whether one month tells enough areas apart to be the ground of a comparison: at least half. */
export const isMonthEnough = ({
  ranked,
  tooFew,
}: Pick<FairRanking, 'ranked' | 'tooFew'>): boolean =>
  ranked.length > 1 && ranked.length >= tooFew.length
