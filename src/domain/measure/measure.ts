import type { SurvivalQuantile } from '../../stats/kaplan-meier.ts'
import type { SmoothedRate } from '../answers/area-answers.ts'

/** Rolled up: an area holds all areas below it. */
export interface AreaFigures {
  count: number
  open: number
  overdue: number
  /** Due within a day. */
  within_day: number
  /** Null: not known. */
  households: number | null
  /** Null: its shape is not loaded, because the measure does not need it. */
  squareKm: number | null
  /** Null: not asked, or no incident that could be closed. */
  closing: ClosingFigures | null
  /** Incidents in the window compared with. Null: not asked. */
  before: number | null
  /** Null: not asked, or households are not known. */
  smoothed: SmoothedRate | null
}

export interface ClosingFigures {
  /** Closed and open; without rejected and merged ones. */
  n: number
  /** Hours. */
  median: SurvivalQuantile
}

/**
 * - `value`: judged, above zero
 * - `zero`: judged, nothing there
 * - `chance`: the change may be chance
 * - `not_reached`: more than half are still open, so the median lies above all that is known
 * - `few`: too few incidents or households to judge; `value` is told, but not coloured
 * - `unknown`: a figure is missing
 */
export type Verdict = 'value' | 'zero' | 'chance' | 'not_reached' | 'few' | 'unknown'

export interface Reading {
  verdict: Verdict
  /** In the measure's unit; null where it cannot be computed. */
  value: number | null
  /** Incidents behind the value. */
  n: number
}

/** 95 %, in the measure's unit. An end is null where it is not reached. */
export interface ReadingInterval {
  low: number | null
  high: number | null
}

/** Figures that a measure needs besides counts. */
export type MeasureNeed =
  | 'shapes'
  | 'closing'
  | 'period_before'
  | 'year_before'
  | 'smoothed_by_all'
  | 'smoothed_by_neighbours'

export interface Measure {
  /** `change`: incidents ÷ incidents before; 1 is no change, infinite after none. */
  unit: 'incidents' | 'rate' | 'hours' | 'change'
  ramp: 'sequential' | 'diverging'
  /** The values of areas add up, so each has a share. */
  isSum: boolean
  /** Fewer incidents are too few to judge; 0 judges any number. */
  minIncidents: number
  needs: MeasureNeed | null
  read(figures: AreaFigures): Reading
  /** Null where nothing is estimated. Slower than `read`: for what a person looks at. */
  interval(figures: AreaFigures): ReadingInterval | null
}

export const unknown: Reading = { verdict: 'unknown', value: null, n: 0 }
