import type { ShareClosed } from '../../stats/share-closed.ts'
import type { SurvivalQuantile } from '../../stats/kaplan-meier.ts'
import type { AreaLevel } from '../vocabulary.ts'

export interface ClosingOptions {
  withinDays: number
  areaLevel: AreaLevel
  /** Of all together alone: the lists by category and area stay empty, which saves sorting. */
  isWhole?: boolean
}

/** Days of which the curve's counts are told. */
export const openDays = [1, 3, 7, 14, 30, 60, 90, 180, 365] as const

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
  /** At most 200 steps. `longer`: incidents seen open for more than so many hours, closed since or not. */
  curve: Record<'hours' | 'open' | 'low' | 'high' | 'longer', Float64Array>
  /** The same after each of `openDays`, until the curve's last step. */
  longerThanDays: number[]
  /** Without empty groups. */
  byCategory: ({ idx: number } & ClosingGroup)[]
  byArea: ({ idx: number } & ClosingGroup)[]
}
