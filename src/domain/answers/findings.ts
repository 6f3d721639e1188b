import type { AreaLevel, LocalDay } from '../vocabulary.ts'
import type { HotspotValue } from './hotspots.ts'

export interface FindingOptions {
  level: AreaLevel
  /** Last day of the filter's period or of the data; weeks end with it. */
  lastDay: LocalDay
}

/** A category that an area has more of than its size lets expect. */
export interface Finding {
  /** `Area.idx` and `Category.idx`. */
  area: number
  category: number
  observed: number
  open: number
  /** The rate of all areas that the person sees, times the area's size. */
  expected: number
  /** Observed ÷ expected, with its exact 95 % interval. */
  ratio: number
  low: number
  high: number
  /** After Benjamini–Hochberg over all areas and categories with an incident. */
  p: number
  /** Weeks up to the last one, without a gap, each with more than expected a week. */
  weeksRunning: number
  /** The last `findingWeeks` weeks, oldest first. */
  weeks: number[]
  /** Incidents on the exact point that holds most of them; a geocoder's fallback, perhaps. */
  onOnePoint: number
}

export interface Findings {
  options: FindingOptions
  value: HotspotValue
  /** Most incidents beyond the expected first; at most `maxFindings`. */
  list: Finding[]
  /** All that hold, with those beyond `maxFindings`. */
  total: number
}

export const findingWeeks = 26
export const maxFindings = 100
/** A finding has at least so many incidents and so many times the expected. */
export const minObserved = 10
export const minRatio = 1.5
