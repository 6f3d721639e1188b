import type { AreaLevel, LngLat, LocalDay } from '../vocabulary.ts'

/**
 * - `radius`: a place has a fixed width (DBSCAN)
 * - `density`: places as wide as incidents lie dense (HDBSCAN)
 */
export const repeatMethods = ['radius', 'density'] as const
export type RepeatMethod = (typeof repeatMethods)[number]

export const repeatRadii = [25, 50, 100, 200] as const
export type RepeatRadius = (typeof repeatRadii)[number]
/** Least reports that make a place. */
export const repeatTimes = [3, 5, 10] as const
export type RepeatTimes = (typeof repeatTimes)[number]

export interface RepeatPlacesOptions {
  /** Of the areas that name places. */
  level: AreaLevel
  /** Last day of the filter's period or of the data. */
  lastDay: LocalDay
  method: RepeatMethod
  /** Read by `radius`. */
  radiusMetres: RepeatRadius
  /** Incidents of a place, and days on which it was reported. */
  times: RepeatTimes
}

/** Radius and days of a repeat place, unless people choose others. */
export const usualRepeats = {
  method: 'radius',
  radiusMetres: 50,
  times: 3,
} as const satisfies Pick<RepeatPlacesOptions, 'method' | 'radiusMetres' | 'times'>

/**
 * Why nothing can be said: no incident passes in the days looked at; so many that `density` would
 * take long.
 */
export type RepeatObstacle = 'no_incidents' | 'many'

/** Incidents of one category that keep coming to one spot. */
export interface RepeatedPlace {
  /** `Area.idx` of the area that holds most of them; null outside of all. */
  area: number | null
  /** `Category.idx`. */
  category: number
  /** The mean of its incidents. */
  lngLat: LngLat
  /** From there to the farthest. */
  radiusMetres: number
  /** Convex; fewer than three corners where all lie in a line. */
  hull: LngLat[]
  count: number
  open: number
  /** With a report. */
  days: number
  firstDay: LocalDay
  lastDay: LocalDay
  /** Incidents on the exact point that holds most of them. */
  onOnePoint: number
  /** In such a circle by the rate per km² of all areas that the person sees. */
  expected: number
  /** The last 13 steps of 28 days, oldest first. */
  steps: number[]
}

export interface RepeatPlaces {
  options: RepeatPlacesOptions
  obstacle: RepeatObstacle | null
  /** First day looked at. */
  from: LocalDay
  /** Of the filter, in the days looked at. */
  incidents: number
  /** Those in places. */
  repeated: number
  /** Most incidents first; at most `maxRepeatPlaces`. */
  list: RepeatedPlace[]
  /** With those beyond `maxRepeatPlaces`. */
  total: number
}

export const maxRepeatPlaces = 300
export const repeatSteps = 13
/** More take seconds. */
export const maxDensityIncidents = 20_000
