import type { LocalMonth } from '../vocabulary.ts'

/**
 * What the columns worker answers for one filter. Arrays indexed by `idx` are dense from 0.
 *
 * Each facet ignores its own part of the filter (the histogram ignores the period, the category
 * counts ignore the categories, and so on), so a person sees what choosing another value would
 * give; `total`, `open`, `closed`, `onHold` and `months` obey the whole filter.
 */
export interface Projection {
  /** Incidents that pass the whole filter: open, closed, and those rejected or merged. */
  total: number
  open: number
  closed: number
  /** Of `total`, those put on hold (挂账). */
  onHold: number
  /** By `Area.idx` of the deepest area; ignores `areas`. Roll up by path for higher levels. */
  byArea: Uint32Array
  /** Open ones by `Area.idx`; ignores `areas`. */
  openByArea: Uint32Array
  /** By `Category.idx` of the leaf; ignores `categories`. */
  byCategory: Uint32Array
  /** By index in `stages`; ignores `stages` and `openOnly`. */
  byStage: Uint32Array
  /** Received a day from `histogram.firstDay` on; ignores `period`. */
  histogram: { firstDay: string; counts: Uint32Array }
  months: MonthFlow[]
}

/** One local month of the period, cut to the months between the first incident and `asOf`. */
export interface MonthFlow {
  month: LocalMonth
  /** Reported in the month. */
  received: number
  /** Closed in the month, whenever reported; ignores `period` (as `backlog` does). */
  closed: number
  /**
   * Open at the month's end, whenever reported. Rejected and merged ones are left out of `backlog`:
   * the columns do not say when they ended.
   */
  backlog: number
}
