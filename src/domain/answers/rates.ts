import { wilson, type Share } from '../../stats/wilson.ts'
import type { IncidentFilter } from '../filter/filter.ts'
import { addDays, dayNumber } from '../time/calendar.ts'

export type { Share }

/** Stages with a clock of their own, and `closing` for all of them together. */
export const rateStages = [
  'verifying',
  'filing',
  'dispatch',
  'handling',
  'checking',
  'closing',
] as const
export type RateStage = (typeof rateStages)[number]

/** Done, done in time, and late, ÷ due. */
type StageRate = RateStage | `${RateStage}_in_time` | `${RateStage}_overdue`

/** Of no single stage. `closing_late` leaves out what is past its time and open. */
export const wholeRates = [
  'closing_late',
  'not_closed',
  'rework',
  'extension',
  'repeat',
  'valid',
  'found_by_public',
] as const
type WholeRate = (typeof wholeRates)[number]

export type RateName = StageRate | WholeRate
export const rateNames: readonly RateName[] = [
  ...rateStages.flatMap((stage): StageRate[] => [stage, `${stage}_in_time`, `${stage}_overdue`]),
  ...wholeRates,
]

/** Those told by month, in the order of the page. */
export const mainRates = [
  'filing_in_time',
  'dispatch_in_time',
  'handling_in_time',
  'checking_in_time',
  'closing_in_time',
  'rework',
] as const satisfies readonly RateName[]
export type MainRate = (typeof mainRates)[number]

export interface Fraction {
  numerator: number
  denominator: number
}
/** With the 95 % interval. */
export const shareOf = ({ numerator, denominator }: Fraction): Share =>
  wilson(numerator, denominator)

/** Counts of incidents. */
export interface StageOutcome {
  stage: RateStage
  inTime: number
  /** Done late, or past its time and not done. */
  overdue: number
  /** In time and not done. */
  running: number
}

/** The period of the same length before the filter's; null for all time. */
export function periodBefore({ period }: Pick<IncidentFilter, 'period'>): IncidentFilter['period'] {
  if (!period) return null
  const days = dayNumber(period.to) - dayNumber(period.from) + 1
  return { from: addDays(period.from, -days), to: addDays(period.from, -1) }
}
