import type { CompareWindow } from '../time/compare-window.ts'
import type { AreaLevel } from '../vocabulary.ts'
import type { ClosingGroup, ClosingOptions } from './closing.ts'

/** `window`: its days instead of the filter's period. */
export interface ClosingByAreaOptions extends ClosingOptions {
  window: CompareWindow | null
}

/** Ignores `areas`, so that areas beside the chosen ones are coloured too. */
export interface ClosingByArea {
  areaLevel: AreaLevel
  window: CompareWindow | null
  /** Without areas that hold nothing. */
  areas: ({ idx: number } & ClosingGroup)[]
}

/**
 * - `reported`: all of the window
 * - `open`: those still open when the window ended, or now where it has not. When an incident was
 *   rejected or merged is not in the columns, so these do not count.
 * - `overdue`: those overdue now. The columns keep due times of open incidents alone, so overdue at
 *   the window's end is not known.
 */
export type WindowFigure = 'reported' | 'open' | 'overdue'

export interface WindowCountsOptions {
  window: CompareWindow
  figure: WindowFigure
}

/** Incidents in a window instead of the filter's period; ignores `areas`. */
export interface WindowCounts extends WindowCountsOptions {
  /** Of the deepest area, by `Area.idx`. */
  byArea: Uint32Array
  /** Of the filter's areas, one a day from the first of the window on. */
  byDay: Uint32Array
  /** Of the filter's areas, whatever its categories; by `Category.idx`. */
  byCategory: Uint32Array
}

export interface SmoothedRatesOptions {
  level: AreaLevel
  /** Rates are drawn towards the rate of all areas, or of those that touch. */
  towards: 'all' | 'neighbours'
  /** Its days instead of the filter's period. */
  window: CompareWindow | null
}

/** Without areas whose households are not known. */
export interface SmoothedRates {
  options: SmoothedRatesOptions
  areas: ({ idx: number; count: number } & SmoothedRate)[]
}

export interface SmoothedRate {
  /** Incidents per 1,000 households. */
  perHouseholds: number
  /** 0 to 1: how much of it is the area's own rate. */
  ownWeight: number
}
