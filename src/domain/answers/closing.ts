import type { ShareClosed } from '../../stats/share-closed.ts'
import type { SurvivalQuantile } from '../../stats/kaplan-meier.ts'
import type { AreaLevel } from '../vocabulary.ts'

export interface ClosingOptions {
  withinDays: number
  areaLevel: AreaLevel
  /** Of all together alone: the lists by category and area stay empty, which saves sorting. */
  isWhole?: boolean
}

/** In hours. */
export interface ClosingGroup {
  /** Without rejected and merged. */
  n: number
  closed: number
  open: number
  /** Half are closed by then; open ones are censored. Null: not reached. */
  median: SurvivalQuantile
  p90: SurvivalQuantile
  within: ShareClosed
}

export interface ClosingSummary extends ClosingGroup {
  options: ClosingOptions
  /** Rejected or merged; in no other number. */
  withdrawn: number
  /** At most 200 steps. */
  curve: { hours: Float64Array; open: Float64Array; low: Float64Array; high: Float64Array }
  /** Without empty groups. */
  byCategory: ({ idx: number } & ClosingGroup)[]
  byArea: ({ idx: number } & ClosingGroup)[]
}
