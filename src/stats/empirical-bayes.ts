import { assertCount } from './poisson.ts'
import type { Rows } from './weights.ts'

export interface SmoothedRates {
  /** Incidents per household, drawn towards the mean. The mean itself where no households are known. */
  rates: Float64Array
  /** 0 to 1: weight of the area's own rate against the mean. 0 where no households are known. */
  ownWeights: Float64Array
  /** Areas without households. Their incidents are in no mean. */
  excluded: number[]
}

/**
 * Rates by households, each drawn towards the city's rate the more, the fewer households it rests on.
 *
 * b = Σn/Σx, s² = Σx(n/x − b)²/Σx, a = max(0, s² − b/x̄), rate = b + w(n/x − b) with w = a/(a + b/x).
 *
 * Source: R. J. Marshall, Applied Statistics 40 (1991); the same as spdep's `EBest`.
 * @param counts incidents n by area
 * @param households x by area; 0 or NaN means not known
 * @throws RangeError when lengths differ or a count is no count
 */
export function globalSmoothedRates(
  counts: ArrayLike<number>,
  households: ArrayLike<number>,
): SmoothedRates {
  assertRows(counts, households)
  const everywhere = Uint32Array.from(counts, (_, area) => area)
  const prior = priorOf(counts, households, everywhere, 0, everywhere.length)
  return smooth(counts, households, () => prior)
}

/**
 * As `globalSmoothedRates`, with mean and variance of the area and its neighbours instead of the city's.
 * An area without neighbours keeps its own rate: it is its own mean.
 *
 * Source: R. J. Marshall, Applied Statistics 40 (1991); the same as spdep's `EBlocal(geoda = TRUE)`.
 * @param weights neighbours by area; their weights are not used
 * @throws RangeError when lengths differ or a count is no count
 */
export function localSmoothedRates(
  counts: ArrayLike<number>,
  households: ArrayLike<number>,
  weights: Rows,
): SmoothedRates {
  assertRows(counts, households)
  const { starts, neighbours } = weights
  if (starts.length !== counts.length + 1)
    throw new RangeError(`weights of ${starts.length - 1} areas for ${counts.length} counts`)
  const around = new Uint32Array(counts.length + 1)
  return smooth(counts, households, (area) => {
    const row = neighbours.subarray(starts[area]!, starts[area + 1]!)
    around.set(row)
    around[row.length] = area
    return priorOf(counts, households, around, 0, row.length + 1)
  })
}

interface Prior {
  mean: number
  variance: number
}

/** Mean and variance between areas by the method of moments, over `areas[start … end)`. */
function priorOf(
  counts: ArrayLike<number>,
  households: ArrayLike<number>,
  areas: Uint32Array,
  start: number,
  end: number,
): Prior {
  let incidents = 0
  let homes = 0
  let known = 0
  for (let at = start; at < end; at++) {
    const area = areas[at]!
    if (!(households[area]! > 0)) continue
    incidents += counts[area]!
    homes += households[area]!
    known++
  }
  if (known === 0) return { mean: 0, variance: 0 }
  const mean = incidents / homes
  let spread = 0
  for (let at = start; at < end; at++) {
    const area = areas[at]!
    if (!(households[area]! > 0)) continue
    const off = counts[area]! / households[area]! - mean
    spread += households[area]! * off * off
  }
  return { mean, variance: Math.max(0, spread / homes - (mean * known) / homes) }
}

function smooth(
  counts: ArrayLike<number>,
  households: ArrayLike<number>,
  priorAt: (area: number) => Prior,
): SmoothedRates {
  const rates = new Float64Array(counts.length)
  const ownWeights = new Float64Array(counts.length)
  const excluded: number[] = []
  for (let area = 0; area < counts.length; area++) {
    const { mean, variance } = priorAt(area)
    rates[area] = mean
    if (!(households[area]! > 0)) {
      excluded.push(area)
      continue
    }
    if (variance === 0) continue
    const weight = variance / (variance + mean / households[area]!)
    ownWeights[area] = weight
    rates[area]! += weight * (counts[area]! / households[area]! - mean)
  }
  return { rates, ownWeights, excluded }
}

function assertRows(counts: ArrayLike<number>, households: ArrayLike<number>): void {
  if (counts.length !== households.length)
    throw new RangeError(`${counts.length} counts and ${households.length} households`)
  for (let area = 0; area < counts.length; area++) assertCount(counts[area]!, `count ${area}`)
}
