import { twoSidedP } from './normal.ts'
import { z95 } from './wilson.ts'

export interface Trend {
  n: number
  /** Pairs that rise minus pairs that fall. */
  s: number
  /** Variance of S without a trend, ties allowed for. */
  variance: number
  /** (S ∓ 1)/√variance; 0 where all values are equal. */
  z: number
  /** Two-sided, by the normal approximation; good from 8 values on. */
  p: number
  /** Kendall's τ-b, −1 to 1; 0 where all values are equal. */
  tau: number
}

/**
 * The Mann–Kendall test of a trend in evenly spaced values.
 *
 * S = Σ sign(xⱼ − xᵢ) over i < j; variance = (n(n − 1)(2n + 5) − Σ t(t − 1)(2t + 5))/18 over groups of t
 * equal values; continuity correction of 1.
 *
 * Sources: H. B. Mann, Econometrica 13 (1945); M. G. Kendall, Rank Correlation Methods (1975); R. O.
 * Gilbert, Statistical Methods for Environmental Pollution Monitoring (1987), 16.4.
 * @param values oldest first
 * @throws RangeError when a value is not finite
 */
export function mannKendall(values: ArrayLike<number>): Trend {
  const n = values.length
  let s = 0
  for (let j = 0; j < n; j++) {
    const value = values[j]!
    if (!Number.isFinite(value)) throw new RangeError(`value ${j} is ${value}`)
    for (let i = 0; i < j; i++) {
      const before = values[i]!
      if (value > before) s++
      else if (value < before) s--
    }
  }
  const { tied, tiedPairs } = ties(values)
  const variance = (n * (n - 1) * (2 * n + 5) - tied) / 18
  const pairs = (n * (n - 1)) / 2
  const z = s === 0 ? 0 : (s - Math.sign(s)) / Math.sqrt(variance)
  return {
    n,
    s,
    variance,
    z,
    p: twoSidedP(z),
    tau: s === 0 ? 0 : s / Math.sqrt((pairs - tiedPairs) * pairs),
  }
}

/** Sums over groups of equal values: t(t − 1)(2t + 5), and pairs t(t − 1)/2. */
function ties(values: ArrayLike<number>): { tied: number; tiedPairs: number } {
  const sorted = Float64Array.from(values).sort()
  let tied = 0
  let tiedPairs = 0
  for (let start = 0; start < sorted.length;) {
    let end = start + 1
    while (end < sorted.length && sorted[end] === sorted[start]) end++
    const t = end - start
    tied += t * (t - 1) * (2 * t + 5)
    tiedPairs += (t * (t - 1)) / 2
    start = end
  }
  return { tied, tiedPairs }
}

export interface Slope {
  /** Change per step. Null for fewer than two values. */
  slope: number | null
  low: number | null
  high: number | null
}

/**
 * Sen's slope: the median of (xⱼ − xᵢ)/(j − i) over i < j. Its interval lies between the slopes of
 * rank (N ∓ z√variance)/2 of N pairs, with the variance of `mannKendall`.
 *
 * Source: P. K. Sen, JASA 63 (1968); ranks rounded as in SciPy's `theilslopes`.
 * @param values oldest first, evenly spaced
 * @param z of the two-sided level
 * @throws RangeError when a value is not finite
 */
export function senSlope(values: ArrayLike<number>, z = z95): Slope {
  const { n, variance } = mannKendall(values)
  if (n < 2) return { slope: null, low: null, high: null }
  const slopes = new Float64Array((n * (n - 1)) / 2)
  let at = 0
  for (let j = 1; j < n; j++)
    for (let i = 0; i < j; i++) slopes[at++] = (values[j]! - values[i]!) / (j - i)
  slopes.sort()
  const count = slopes.length
  const half = z * Math.sqrt(variance)
  const low = Math.max(Math.round((count - half) / 2) - 1, 0)
  const high = Math.min(Math.round((count + half) / 2), count - 1)
  return {
    slope: (slopes[(count - 1) >> 1]! + slopes[count >> 1]!) / 2,
    low: slopes[low]!,
    high: slopes[high]!,
  }
}
