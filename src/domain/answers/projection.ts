import type { LocalMonth } from '../vocabulary.ts'

/**
 * The counts of one filter. Arrays indexed by `idx` are dense from 0.
 *
 * Each facet ignores its own part of the filter (the histogram the period, the category counts the
 * categories), so it shows the counts of other choices. `total`, `open`, `closed`, `onHold` and
 * `months` obey the whole filter.
 */
export interface Projection {
  /** Open, closed, rejected and merged. */
  total: number
  open: number
  closed: number
  /** Of `total`, on hold (挂账). */
  onHold: number
  /** By `Area.idx` of the deepest area; ignores `areas`. `rollUp` gives higher levels. */
  byArea: Uint32Array
  /** Open ones by `Area.idx`; ignores `areas`. */
  openByArea: Uint32Array
  /** By `Category.idx` of the leaf; ignores `categories`. */
  byCategory: Uint32Array
  /** By index in `stages`; ignores `stages` and `openOnly`. */
  byStage: Uint32Array
  /** Received by day, from `histogram.firstDay` on; ignores `period`. */
  histogram: { firstDay: string; counts: Uint32Array }
  months: MonthFlow[]
}

/** One local month of the period, between the first incident and `asOf`. */
export interface MonthFlow {
  month: LocalMonth
  /** Reported in the month. */
  received: number
  /** Closed in the month, whenever reported; ignores `period` (as `backlog` does). */
  closed: number
  /**
   * Open at the month's end, whenever reported. Without rejected and merged ones: the columns do not
   * say when they ended.
   */
  backlog: number
}
