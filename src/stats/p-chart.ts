import { wilson } from './wilson.ts'

export interface PChart {
  /** Share of all answers; null without any. */
  mean: number | null
  /** Laney's σ: how many times chance's deviation the shares vary by, from step to step. 1 with fewer than two points. */
  sigma: number
  /** By point; NaN where n is 0. */
  shares: Float64Array
  /** Limits of the plain p-chart. */
  low: Float64Array
  high: Float64Array
  /** Limits of Laney's p′-chart. */
  laneyLow: Float64Array
  laneyHigh: Float64Array
}

/** d₂ of two points, 2/√π. */
const meanRangeOfTwo = 2 / Math.sqrt(Math.PI)

/**
 * Limits of shares by point: p̄ ± 3 √(p̄(1 − p̄)/nᵢ), and Laney's, in which the second part is
 * multiplied by σ = mean |zᵢ − zᵢ₋₁| ÷ d₂ of the z-scores. With thousands of answers a point the
 * plain limits are too tight: days differ by more than chance. Points without answers are gaps.
 *
 * Source: D. B. Laney, Quality Engineering 14 (2002).
 * @throws RangeError unless 0 ≤ count ≤ n, all whole, in arrays of one length
 */
export function pChart(counts: ArrayLike<number>, ns: ArrayLike<number>): PChart {
  if (counts.length !== ns.length)
    throw new RangeError(`${counts.length} counts and ${ns.length} numbers of answers`)
  const points = counts.length
  let count = 0
  let total = 0
  const shares = Float64Array.from({ length: points }, (_, i) => {
    count += counts[i]!
    total += ns[i]!
    return wilson(counts[i]!, ns[i]!).share ?? Number.NaN
  })
  const mean = total === 0 ? null : count / total
  const error = (i: number): number => Math.sqrt((mean! * (1 - mean!)) / ns[i]!)
  const z = [...shares.keys()]
    .filter((i) => ns[i]! > 0)
    .map((i) => (error(i) === 0 ? 0 : (shares[i]! - mean!) / error(i)))
  let ranges = 0
  for (let i = 1; i < z.length; i++) ranges += Math.abs(z[i]! - z[i - 1]!)
  const sigma = z.length < 2 ? 1 : ranges / (z.length - 1) / meanRangeOfTwo
  const limit = (times: number): Float64Array =>
    Float64Array.from(shares, (share, i) =>
      Number.isNaN(share) ? Number.NaN : Math.min(1, Math.max(0, mean! + times * error(i))),
    )
  return {
    mean,
    sigma,
    shares,
    low: limit(-3),
    high: limit(3),
    laneyLow: limit(-3 * sigma),
    laneyHigh: limit(3 * sigma),
  }
}
