import type { ShareClosed } from '../../stats/share-closed.ts'
import type { SurvivalQuantile } from '../../stats/kaplan-meier.ts'
import type { AreaLevel } from '../vocabulary.ts'

/** Options of the question about times to close; the filter is the projection's. */
export interface ClosingOptions {
  /** Closing within these days counts as in time. */
  withinDays: number
  areaLevel: AreaLevel
}

/** Times to close of a group, in hours. */
export interface ClosingGroup {
  /** Closed and open incidents, without rejected and merged ones. */
  n: number
  closed: number
  open: number
  /** Half are closed by then. Open ones are censored. Null: not reached. */
  median: SurvivalQuantile
  /** Nine in ten are closed by then. */
  p90: SurvivalQuantile
  within: ShareClosed
}

/** Times to close of the filtered incidents, together and by group. */
export interface ClosingSummary extends ClosingGroup {
  options: ClosingOptions
  /** Rejected or merged; in none of the other figures. */
  withdrawn: number
  /** Share still open after these hours, thinned to at most 200 steps for drawing. */
  curve: { hours: Float64Array; open: Float64Array; low: Float64Array; high: Float64Array }
  /** Groups with at least one incident; the whole filter applies. */
  byCategory: ({ idx: number } & ClosingGroup)[]
  byArea: ({ idx: number } & ClosingGroup)[]
}
