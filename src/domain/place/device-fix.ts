import { distanceMeters } from './distance.ts'
import type { LngLat } from '../vocabulary.ts'

export interface Fix {
  lngLat: LngLat
  /** Radius of 95 % confidence. */
  accuracyMeters: number
  /** Milliseconds since 1970. */
  at: number
}

/** A less accurate pin needs a look. */
export const poorAccuracyMeters = 50
/** Photos taken farther away are pointed out. */
export const farPhotoMeters = 200
/** After this, a fresh position beats a better one. */
const staleMs = 30_000

/** Nearer than this, a pin and its person are at one place. */
const sameSpotMeters = 25

/** Distance from a pin when it is more than both accuracies explain, else null. */
export function awayMeters(pin: LngLat, pinAccuracyMeters: number, here: Fix): number | null {
  const distance = distanceMeters(pin, here.lngLat)
  return distance > Math.max(sameSpotMeters, pinAccuracyMeters + here.accuracyMeters)
    ? distance
    : null
}

export const isPoor = (accuracyMeters: number): boolean => accuracyMeters > poorAccuracyMeters

/**
 * Keeps the best position of one spot. A position elsewhere means that the person walked on: the
 * pin follows until the first photo anchors it.
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
