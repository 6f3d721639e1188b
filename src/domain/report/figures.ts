import type { SpecialCause } from '../../stats/xmr.ts'
import type { SurvivalQuantile } from '../../stats/kaplan-meier.ts'
import type { SatisfactionRate } from '../answers/satisfaction.ts'
import type { LocalDay, LocalMonth } from '../vocabulary.ts'

/** Good ones among those that can be judged. */
export interface Counted {
  count: number
  n: number
}

/** Reported incidents, and the days they are of: months differ in length. */
export interface DayCount {
  count: number
  days: number
}

/** A figure of the month, of the month before, and of the same month a year ago; null without data. */
export interface Compared<T> {
  now: T
  before: T | null
  yearAgo: T | null
}

export interface ReportFigures {
  month: LocalMonth
  monthBefore: LocalMonth
  yearAgo: LocalMonth
  /** Null once the month is over, else its last day with data. */
  until: LocalDay | null
  reported: Compared<DayCount>
  /** Closed in the month, whenever reported, and open at its end. Null for a month under way. */
  flow: { closed: number; open: number; openBefore: number | null } | null
  /** Of those reported in the month; hours. */
  time: { n: number; open: number; median: SurvivalQuantile }
  /** Closed within a week, of those old enough. */
  week: Compared<Counted>
  rates: Record<SatisfactionRate, Compared<Counted>>
  /** Of those called, how many answered: the rates rest on them. */
  response: Compared<Counted>
  /** Closed in time, of those due. */
  inTime: Compared<Counted>
  /** Reported in the month, and in no rate of deadlines: imported, or put right on the spot. */
  withoutClock: number
  /** By top category. */
  categories: { idx: number; now: number; before: number | null }[]
  /** Days that `categories` count. */
  days: { now: number; before: number | null }
  /** Of residents' satisfaction by area; null without areas below. */
  areas: AreaFindings | null
  /** Satisfaction by month; null where the month itself has too few answers or there are no limits. */
  trend: TrendFinding | null
}

export interface AreaFindings {
  /** Months counted: one has too few answers for most areas. */
  months: 1 | 12
  judged: number
  tooFew: number
  /** Beyond the 99.8 % limits of chance. */
  low: JudgedArea[]
  high: JudgedArea[]
}

export interface JudgedArea {
  /** `Area.idx`. */
  idx: number
  share: number
  low: number
  high: number
}

export interface TrendFinding {
  share: number
  low: number
  high: number
  /** Months that the limits rest on, and whether they are too few. */
  points: number
  isTrial: boolean
  /** Null for common cause. */
  cause: SpecialCause | null
}
