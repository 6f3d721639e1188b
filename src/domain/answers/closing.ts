import type { ShareClosed } from '../../stats/share-closed.ts'
import type { SurvivalQuantile } from '../../stats/kaplan-meier.ts'
import type { AreaLevel } from '../vocabulary.ts'

/** What is asked about times to close; the filter is that of the projection. */
export interface ClosingOptions {
  /** Days within which closing counts as in time. */
  withinDays: number
  /** Areas are grouped at this level. */
  areaLevel: AreaLevel
}

/** Times to close of one group of incidents. All times are hours. */
export interface ClosingGroup {
  /** Closed and open ones; rejected and merged ones are not in it. */
  n: number
  closed: number
  open: number
  /** Half are closed by then; the open ones count as censored. Null is "not reached". */
  median: SurvivalQuantile
  /** Nine in ten are closed by then. */
  p90: SurvivalQuantile
  within: ShareClosed
}

/** Times to close of what passes the filter, together and by group. */
export interface ClosingSummary extends ClosingGroup {
  options: ClosingOptions
  /** Rejected or merged: without a time to close, left out of everything above. */
  withdrawn: number
  /** The share still open after so many hours, thinned to at most 200 steps for drawing. */
  curve: { hours: Float64Array; open: Float64Array; low: Float64Array; high: Float64Array }
  /** Groups with at least one incident; ignoring nothing of the filter. */
  byCategory: ({ idx: number } & ClosingGroup)[]
  byArea: ({ idx: number } & ClosingGroup)[]
}
