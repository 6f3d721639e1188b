import { shareDifference, type ShareDifference } from '../../stats/proportion.ts'
import { z95 } from '../../stats/wilson.ts'
import type { WaveRow } from './waves.ts'

/** Fewest answers of a wave for its mean to be compared by the normal distribution. */
export const leastForMeans = 30

export interface WaveChange {
  /** Later mean − earlier mean on the item's scale; null without mean, deviation or `leastForMeans`. */
  mean: ShareDifference
  /** Later share satisfied − earlier. */
  satisfied: ShareDifference
}

const unknown: ShareDifference = { difference: null, low: null, high: null }

/**
 * Change between two waves of one item in one area, with 95 % intervals: means by
 * d ± z √(sd₁²/n₁ + sd₂²/n₂), shares by Newcombe. Counts of the satisfied are share × n, rounded. Both waves are
 * taken as independent samples; weighting of the survey is not known here, so intervals are too
 * narrow where it was weighted.
 */
export function compareWaves(earlier: WaveRow, later: WaveRow, z = z95): WaveChange {
  return { mean: meanChange(earlier, later, z), satisfied: shareChange(earlier, later, z) }
}

function meanChange(earlier: WaveRow, later: WaveRow, z: number): ShareDifference {
  const known = [earlier, later].every(
    ({ mean, sd, n }) => mean !== null && sd !== null && n >= leastForMeans,
  )
  if (!known) return unknown
  const difference = later.mean! - earlier.mean!
  const error = Math.sqrt(later.sd! ** 2 / later.n + earlier.sd! ** 2 / earlier.n)
  return { difference, low: difference - z * error, high: difference + z * error }
}

function shareChange(earlier: WaveRow, later: WaveRow, z: number): ShareDifference {
  if (earlier.satisfied === null || later.satisfied === null) return unknown
  const counted = ({ satisfied, n }: WaveRow) => ({ count: Math.round(satisfied! * n), n })
  return shareDifference(counted(later), counted(earlier), z)
}
