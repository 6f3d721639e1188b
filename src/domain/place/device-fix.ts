import { distanceMeters } from './distance.ts'
import type { LngLat } from '../vocabulary.ts'

/** A position of the device. */
export interface Fix {
  lngLat: LngLat
  /** Radius within which the device lies with 95 % confidence, as the browser says it. */
  accuracyMeters: number
  /** Milliseconds since 1970. */
  at: number
}

/** From here on a person has to look at the pin. */
export const poorAccuracyMeters = 50
/** From here on it is said how far a photo was taken from the pin. */
export const farPhotoMeters = 200
/** A device that stands still is trusted this long; then a fresh position wins. */
const staleMs = 30_000

export const isPoor = (accuracyMeters: number): boolean => accuracyMeters > poorAccuracyMeters

/**
 * Which position to stand on when a new one comes in: while one waits, the best. Positions that
 * cannot be of the same spot mean that the person walked on: the pin follows, until it is anchored
 * (the first photo is taken); from then on only better positions of the same spot move it.
 */
export function improveFix(kept: Fix | null, next: Fix, isAnchored: boolean): Fix {
  if (!kept) return next
  const isSameSpot =
    distanceMeters(kept.lngLat, next.lngLat) <= kept.accuracyMeters + next.accuracyMeters
  const isBetter = next.accuracyMeters < kept.accuracyMeters
  if (isAnchored) return isSameSpot && isBetter ? next : kept
  if (!isSameSpot || next.at - kept.at > staleMs) return next
  return isBetter ? next : kept
}
