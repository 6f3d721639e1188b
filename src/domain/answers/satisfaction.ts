import type { Period } from '../time/period.ts'
import type { AreaLevel, LocalDay, LocalMonth } from '../vocabulary.ts'

/** Yes among those who said yes or no. */
export interface YesOf {
  yes: number
  of: number
}

/**
 * Closings that residents were asked about or rated. Everybody drawn for a call-back is in `asked`;
 * `answeredByCall` of them answered. Answers by link come from those who chose to answer, and are in
 * `answered` too.
 */
export interface AskCounts {
  asked: number
  waiting: number
  refused: number
  notReached: number
  answeredByCall: number
  answered: number
  responded: YesOf
  solved: YesOf
  /** Answers of 1 to 5. */
  satisfied: [number, number, number, number, number]
  /** Of all these, made by the demo's script. */
  generated: number
}

/** Inclusive. */
export interface MonthSpan {
  from: LocalMonth
  to: LocalMonth
}

export interface SatisfactionOptions {
  /** Months of closing, inclusive; null for all. */
  months: MonthSpan | null
  /** Days of closing, inclusive, within the months; missing or null for all. */
  days?: Period
}

/** By the filter's areas and categories; its other parts are about reports and do not count. */
export interface Satisfaction {
  /** Without exempt closings, and so are the lists. */
  all: AskCounts
  /** By a granted appeal. */
  exempt: AskCounts
  /** The oldest first. */
  months: ({ month: LocalMonth } & AskCounts)[]
  /** By the department that closed. */
  departments: ({ code: string | null } & AskCounts)[]
}

export const noAskCounts = (): AskCounts => ({
  ...{ asked: 0, waiting: 0, refused: 0, notReached: 0, answeredByCall: 0, answered: 0 },
  responded: { yes: 0, of: 0 },
  solved: { yes: 0, of: 0 },
  satisfied: [0, 0, 0, 0, 0],
  generated: 0,
})

/** Calls that are over, and those of them that brought an answer: on whom the rates rest. */
export interface Response {
  called: number
  answered: number
}
export const responseOf = ({
  asked,
  waiting,
  answeredByCall,
}: Pick<AskCounts, 'asked' | 'waiting' | 'answeredByCall'>): Response => ({
  called: asked - waiting,
  answered: answeredByCall,
})

export const satisfactionRates = ['responded', 'solved', 'satisfied'] as const
export type SatisfactionRate = (typeof satisfactionRates)[number]

/** Of the answers to one question, those that are good: yes, or 4 to 5 points. */
export function goodAnswers(
  counts: Pick<AskCounts, SatisfactionRate>,
  rate: SatisfactionRate,
): { count: number; n: number } {
  if (rate !== 'satisfied') return { count: counts[rate].yes, n: counts[rate].of }
  const n = counts.satisfied.reduce((sum, one) => sum + one, 0)
  return { count: counts.satisfied[3] + counts.satisfied[4], n }
}

/** Fewest answers that tell anything, and those from which a share is more than weak. */
export const answersToJudge = { least: 10, firm: 30 } as const

export interface FairRankingOptions extends SatisfactionOptions {
  areaLevel: AreaLevel
  rate: SatisfactionRate
  /** With the mix of categories of all areas together, by direct standardisation. */
  isAdjusted?: boolean
}

export const trendSteps = ['day', 'week', 'month'] as const
export type TrendStep = (typeof trendSteps)[number]

export interface RatingTrendOptions {
  step: TrendStep
  /** Of closing, inclusive; null for all. */
  days: Period
}

/** Good answers by day, week (from Monday) or month of closing, the oldest first; steps without any are missing. */
export interface RatingTrend {
  options: RatingTrendOptions
  points: ({ from: LocalDay; to: LocalDay } & Record<
    SatisfactionRate,
    { count: number; n: number }
  >)[]
}

interface Limits {
  inner: { low: number; high: number }
  outer: { low: number; high: number }
}

export interface FairRankingEntry extends Response {
  /** `Area.idx`. */
  idx: number
  count: number
  n: number
  share: number
  low: number
  high: number
  shrunken: number
  /** Answers that the share is worth: n, or fewer where it is adjusted. */
  size: number
  /** Adjusted: the weight of categories without answers here, from 0 to 1; they are left out. Else 0. */
  missingWeight: number
  /** Entries of one group are not distinguishable. */
  group: number
  best: number
  worst: number
  /** Against the funnel's limits. */
  zone: 'inside' | 'low' | 'very-low' | 'high' | 'very-high'
}

/** Good answers by category and area, with what is left over and all together. */
export interface CategoryTable {
  /** Of the areas; higher than asked for where their cells would be too small to judge. */
  areaLevel: AreaLevel
  /** `Category.idx`, leaves or the highest above them, the most answered first. */
  categories: number[]
  /** `Area.idx`, the most answered first. */
  areas: number[]
  /** Areas with answers that are in no column of their own. */
  others: number
  /** By category a row, the last one of all; by area a column, then of the others, the last one of all. */
  cells: { count: number; n: number }[]
}

export interface FairRanking {
  options: FairRankingOptions
  /** Of all areas together. */
  count: number
  n: number
  /** Best first. */
  ranked: FairRankingEntry[]
  /** `Area.idx` of those with answers, but too few to judge. */
  tooFew: number[]
  /** Times chance's variance among the areas; 1 where chance explains all. */
  dispersion: number
  /** The funnel, in ascending order of n. */
  steps: ({ n: number } & Limits)[]
  table: CategoryTable
}
