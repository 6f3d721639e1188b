export { emergingClasses, type EmergingClass } from '../../stats/emerging.ts'
import type { CompareWindow } from '../time/compare-window.ts'
import type { AreaLevel, LocalDay } from '../vocabulary.ts'

/**
 * - `chance`: with its neighbours more, or less, than chance (Getis–Ord Gi*)
 * - `change`: more, or fewer, than in the window compared with (two Poisson counts)
 * - `pattern`: how it was hot or cold over the last months (emerging hot spots)
 */
export const hotspotMethods = ['chance', 'change', 'pattern'] as const
export type HotspotMethod = (typeof hotspotMethods)[number]

export interface HotspotOptions {
  method: HotspotMethod
  level: AreaLevel
  /** Wanted by `change`. */
  window: CompareWindow | null
  /** Last day of the filter's period or of the data; `pattern` ends with it. */
  lastDay: LocalDay
}

/** Divisor of the counts before areas are compared: large areas must not be hot for their size. */
export const hotspotValues = ['per_household', 'per_square_km', 'count'] as const
export type HotspotValue = (typeof hotspotValues)[number]

/**
 * Why nothing can be said: no incident passes; fewer than 4 areas; all values equal; no window to
 * compare with; too few steps of time.
 */
export type HotspotObstacle = 'no_incidents' | 'few_areas' | 'all_equal' | 'no_window' | 'few_steps'

export interface Hotspots {
  options: HotspotOptions
  value: HotspotValue
  obstacle: HotspotObstacle | null
  /** `Area.idx` of each area judged; the arrays below have its order. */
  areas: Uint32Array
  /** Incidents of the filter's period; of the last step in `pattern`. */
  counts: Uint32Array
  /**
   * `chance`, `change`: ±1, ±2, ±3 for 90, 95 and 99 % after Benjamini–Hochberg, hot above 0.
   * `pattern`: ±1 to ±8, as `emergingClasses`. 0 is nothing.
   */
  classes: Int8Array
  /** z of Gi*, or of the trend of Gi* in `pattern`; the ratio in `change`, Infinity after none. */
  scores: Float64Array
  /** After Benjamini–Hochberg; of the trend in `pattern`. */
  p: Float64Array
  /** Counts expected: the city's rate, or the rate before. */
  expected: Float64Array
  /** Areas without a neighbour: Gi* judges them by themselves alone. */
  islands: number
  /** Steps of `pattern`, of 28 days each, oldest first: counts by area × steps + step. */
  steps: number
  series: Uint32Array
}

export const stepDays = 28
export const maxSteps = 26
/** Fewer hold no pattern. */
export const minSteps = 10
