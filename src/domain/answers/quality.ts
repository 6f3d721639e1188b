import type { LngLat, LocalDay } from '../vocabulary.ts'

/** Many incidents on exactly one point; a geocoder's fallback, perhaps. */
export interface Pile {
  /** Quantised. */
  x: number
  y: number
  lngLat: LngLat
  count: number
  /** `Category.idx` of most of them, and how many. */
  category: number
  inCategory: number
  /** `Area.idx` of one of them. */
  area: number
}

/** Many reports within ten minutes; the columns do not know who sent them. */
export interface Burst {
  day: LocalDay
  /** Wall clock at its start. */
  minuteOfDay: number
  count: number
  expected: number
  /** `Category.idx` of most of them, and how many. */
  category: number
  inCategory: number
}

/** `midnight`: reports at exactly 00:00; `hour`: on any other full hour; `month_start`: on the first. */
export type RoundTimeKind = 'midnight' | 'hour' | 'month_start'
export interface RoundTime {
  kind: RoundTimeKind
  count: number
  expected: number
}

/** Faults of the filter's incidents, as if the filter left out no points. */
export interface Quality {
  total: number
  /** Incidents that the filter's points leave out. */
  leftOut: number
  /** The largest first; at most `maxExceptPoints`. */
  piles: Pile[]
  allPiles: number
  /** Incidents on `piles`. */
  onPiles: number
  /** Sides of the cell that counts as one point, to the east and to the north. */
  pointMetres: [number, number]
  /** The largest first; at most `maxBursts`. */
  bursts: Burst[]
  allBursts: number
  roundTimes: RoundTime[]
  /** Incidents on exactly the point of their area where an import puts those without a place. */
  withoutPlace: number
}

export const minPile = 20
/** A pile holds so many times the incidents of the busiest ordinary point. */
export const pileRatio = 2
export const burstMinutes = 10
/** Fewer may lie there by chance. */
export const minWithoutPlace = 3
export const minBurst = 10
export const maxBursts = 5
