import type { AreaLevel, LocalDay } from '../vocabulary.ts'

export interface OutbreakOptions {
  /** Its areas' middles are the places of the scan. */
  level: AreaLevel
  /** Last day of the filter's period or of the data. */
  lastDay: LocalDay
}

/**
 * Why nothing can be said: no incident passes; fewer than `minOutbreakIncidents`; all in one area;
 * so many incidents that shuffling would take long.
 */
export type OutbreakObstacle = 'no_incidents' | 'few_incidents' | 'one_place' | 'many'

/** Areas and last days with more incidents than both let expect. */
export interface Outbreak {
  /** `Area.idx`, nearest to the middle first. */
  areas: number[]
  radiusMetres: number
  from: LocalDay
  to: LocalDay
  observed: number
  expected: number
  /** Allows for all circles and windows tried. */
  p: number
}

/** Pairs of incidents that lie close and follow each other. */
export interface NearRepeat {
  observed: number
  expected: number
  /** Observed ÷ expected. */
  ratio: number
  /** That chance gives as many pairs, one-sided. */
  p: number
}

export interface Outbreaks {
  options: OutbreakOptions
  obstacle: OutbreakObstacle | null
  /** Of the filter, in the last `outbreakDays` days. */
  incidents: number
  /** Those with p up to `maxOutbreakP`, the best first. */
  list: Outbreak[]
  /** Of the best circle, kept or not; null without any. */
  bestP: number | null
  scanShuffles: number
  /** Within `repeatDelayDays`, on the same point and within `repeatMetres`; null with too many pairs. */
  samePlace: NearRepeat | null
  nearby: NearRepeat | null
  repeatShuffles: number
}

export const outbreakDays = 90
export const maxOutbreakDays = 14
export const outbreakMetres = 1_000
export const maxOutbreakP = 0.05
export const minOutbreakIncidents = 20
/** More take seconds. */
export const maxOutbreakIncidents = 20_000
export const repeatMetres = 200
export const repeatDelayDays = 14
