import type { DueChoice } from '../filter/due.ts'
import type { LocalMonth } from '../vocabulary.ts'

/**
 * Indexed by `idx` from 0. Each facet ignores its own part of the filter, to count other choices.
 */
export interface Projection {
  total: number
  open: number
  closed: number
  /** On hold (挂账). */
  onHold: number
  /** Of the deepest area; ignores `areas`. */
  byArea: Uint32Array
  /** Ignores `areas`. */
  openByArea: Uint32Array
  /** Open, with a deadline; ignores `due`. */
  due: Record<DueChoice, number>
  /** Ignores `areas`. */
  dueByArea: Record<DueChoice, Uint32Array>
  /** Of the leaf; ignores `categories`. */
  byCategory: Uint32Array
  /** By index in `stages`; ignores `stages` and `openOnly`. */
  byStage: Uint32Array
  /** Ignores `period`. */
  histogram: { firstDay: string; counts: Uint32Array }
  months: MonthFlow[]
}

export interface MonthFlow {
  month: LocalMonth
  received: number
  /** Whenever reported; ignores `period`. */
  closed: number
  /** Open at the month's end. Excludes rejected and merged ones: the columns lack their end. */
  backlog: number
  /** Of `received`, overdue now. */
  overdue: number
}
