import type { ShareClosed } from '../../stats/share-closed.ts'
import type { SurvivalQuantile } from '../../stats/kaplan-meier.ts'
import type { AreaLevel } from '../vocabulary.ts'

export interface ClosingOptions {
  /** Closed within so many days counts as in time. */
  withinDays: number
  areaLevel: AreaLevel
}

/** Times to close of a group, in hours. */
export interface ClosingGroup {
  /** Closed and open; without rejected and merged. */
  n: number
  closed: number
  open: number
  /** Half are closed by then; open ones are censored. Null is "not reached". */
  median: SurvivalQuantile
  /** Nine in ten are closed by then. */
  p90: SurvivalQuantile
  within: ShareClosed
}

/** Times to close of the passing incidents, together and by group. */
export interface ClosingSummary extends ClosingGroup {
  options: ClosingOptions
  /** Rejected or merged, which have no time to close: in none of the other numbers. */
  withdrawn: number
  /** The share still open after so many hours, thinned to at most 200 steps. */
  curve: { hours: Float64Array; open: Float64Array; low: Float64Array; high: Float64Array }
  /** Groups with at least one incident, under the whole filter. */
  byCategory: ({ idx: number } & ClosingGroup)[]
  byArea: ({ idx: number } & ClosingGroup)[]
}
