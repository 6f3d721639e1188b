import { distanceMeters } from './distance.ts'
import type { LngLat } from '../vocabulary.ts'

/** A position of the device. */
export interface Fix {
  lngLat: LngLat
  /** Radius of 95 % confidence, from the browser. */
  accuracyMeters: number
  /** Milliseconds since 1970. */
  at: number
}

/** A less accurate pin needs a look. */
export const poorAccuracyMeters = 50
/** A photo taken farther from the pin is pointed out. */
export const farPhotoMeters = 200
/** A better position is kept this long; then a fresh one wins. */
const staleMs = 30_000

export const isPoor = (accuracyMeters: number): boolean => accuracyMeters > poorAccuracyMeters

/**
 * The position to keep. Positions of the same spot: the best one. A position elsewhere means that
 * the person walked on: the pin follows until it is anchored by the first photo; afterwards only
 * better positions of the same spot move it.
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
