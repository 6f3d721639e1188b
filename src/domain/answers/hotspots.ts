export { emergingClasses, type EmergingClass } from '../../stats/emerging.ts'
import type { CompareWindow } from '../time/compare-window.ts'
import type { AreaLevel, LocalDay } from '../vocabulary.ts'

/**
 * - `chance`: with its neighbours more, or less, than chance (Getis–Ord Gi*)
 * - `outlier`: like its neighbours, or against them (local Moran's I)
 * - `change`: more, or fewer, than in the window compared with (two Poisson counts)
 * - `pattern`: how it was hot or cold over the last months (emerging hot spots)
 */
export const hotspotMethods = ['chance', 'outlier', 'change', 'pattern'] as const
export type HotspotMethod = (typeof hotspotMethods)[number]

/** `normal`: by the normal distribution; `shuffle`: by shuffling the values among the areas. */
export const hotspotTests = ['normal', 'shuffle'] as const
export type HotspotTest = (typeof hotspotTests)[number]

export const hotspotCorrections = ['benjamini_hochberg', 'bonferroni'] as const
export type HotspotCorrection = (typeof hotspotCorrections)[number]

/** `smoothed`: drawn towards the rate of all, the more the fewer households or km² stand behind. */
export const hotspotRates = ['own', 'smoothed'] as const
export type HotspotRates = (typeof hotspotRates)[number]

export interface JudgeOptions {
  method: HotspotMethod
  /** Read by `chance` and `outlier`. */
  test: HotspotTest
  correction: HotspotCorrection
  /** Read by `chance` and `outlier`. */
  rates: HotspotRates
  /** Wanted by `change`. */
  window: CompareWindow | null
  /** Last day of the filter's period or of the data; `pattern` ends with it. */
  lastDay: LocalDay
}

/** How the map judges where nobody chose otherwise. */
export const usualJudging = {
  test: 'normal',
  correction: 'benjamini_hochberg',
  rates: 'own',
} as const satisfies Pick<JudgeOptions, 'test' | 'correction' | 'rates'>

export interface HotspotOptions extends JudgeOptions {
  level: AreaLevel
}

/** Divisor of the counts before areas are compared: large areas must not be hot for their size. */
export const hotspotValues = ['per_household', 'per_square_km', 'count'] as const
export type HotspotValue = (typeof hotspotValues)[number]

/**
 * Why nothing can be said: no incident passes; fewer than `minIncidents`; all of them in one area
 * or cell; fewer than 4 areas; all values equal; no area touches another; no window to compare
 * with; too few steps of time.
 */
export type HotspotObstacle =
  | 'no_incidents'
  | 'few_incidents'
  | 'one_place'
  | 'few_areas'
  | 'all_equal'
  | 'no_neighbours'
  | 'no_window'
  | 'few_steps'

/** A statistic of the whole map; z above 0 is more than chance. */
export interface MapFigure {
  statistic: number
  z: number
  p: number
}

/** Results of the judged areas or cells. All arrays have the order of these. */
export interface Judged {
  value: HotspotValue
  obstacle: HotspotObstacle | null
  /** Incidents of the filter's period; of the last step in `pattern`. */
  counts: Uint32Array
  /**
   * `chance`, `change`: ±1, ±2, ±3 for 90, 95 and 99 % after the correction, hot above 0.
   * `outlier`, at 95 %: 1 high among high, 2 high among low, −1 low among low, −2 low among high.
   * `pattern`: ±1 to ±8, as `emergingClasses`. 0 is nothing.
   */
  classes: Int8Array
  /**
   * z of Gi*, of local Moran's I, or of the trend of Gi* in `pattern`; the ratio in `change`,
   * Infinity after none.
   */
  scores: Float64Array
  /** After the correction; of the trend in `pattern`. */
  p: Float64Array
  /** Counts expected: the city's rate, or the rate before. */
  expected: Float64Array
  /** Without a neighbour: Gi* judges them by themselves alone, local Moran's I not at all. */
  islands: number
  /** Times that values were shuffled; 0 without shuffling. */
  shuffles: number
  /** Rates were drawn towards the mean. */
  isSmoothed: boolean
  /** Areas without households, which then take the rate of all. */
  withoutSize: number
  /** Incidents are so few for each area that shuffling judges better. */
  isSparse: boolean
  /** Do like values lie together on the whole map (Moran's I)? Null where it cannot be told. */
  alike: MapFigure | null
  /** Do large values lie together (general G)? */
  together: MapFigure | null
  /** Steps of `pattern`, of 28 days each, oldest first: counts by area × steps + step. */
  steps: number
  series: Uint32Array
}

export interface Hotspots extends Judged {
  options: HotspotOptions
  /** `Area.idx` of each area judged. */
  areas: Uint32Array
}

/** Fewer incidents cannot show where they are more than chance. */
export const minIncidents = 10
/** Incidents for each area below which the normal distribution overstates. */
export const sparseBelow = 5
export const stepDays = 28
export const maxSteps = 26
/** Fewer hold no pattern. */
export const minSteps = 10
