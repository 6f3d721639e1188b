import { gammaTails } from './gamma.ts'
import { normalQuantile } from './normal.ts'
import { assertCount, firstWhere, type Interval } from './poisson.ts'

/** Inner and outer limits: 95 % and 99.8 %. */
export interface FunnelLimits {
  inner: Interval
  outer: Interval
}

export type FunnelZone = 'inside' | 'low' | 'very-low' | 'high' | 'very-high'

const levels = { inner: 0.95, outer: 0.998 } as const

/** Below the outer or inner limits, or above them; a value on a limit is inside. */
export function funnelZone(value: number, { inner, outer }: FunnelLimits): FunnelZone {
  if (value < outer.low) return 'very-low'
  if (value > outer.high) return 'very-high'
  if (value < inner.low) return 'low'
  return value > inner.high ? 'high' : 'inside'
}

/**
 * Limits within which a share of n answers lies by chance where all have the share p₀:
 * p₀ ± z √(φ p₀(1 − p₀)/n), kept within 0 and 1.
 *
 * Source: D. J. Spiegelhalter, Statistics in Medicine 24 (2005).
 * @param dispersion φ of `overdispersion`; 1 means chance alone
 * @throws RangeError unless n > 0, 0 ≤ p₀ ≤ 1 and φ > 0
 */
export function shareFunnel(n: number, target: number, dispersion = 1): FunnelLimits {
  if (!(n > 0 && Number.isFinite(n))) throw new RangeError(`no funnel of ${n} answers`)
  if (!(target >= 0 && target <= 1)) throw new RangeError(`no share: ${target}`)
  assertDispersion(dispersion)
  const error = Math.sqrt((dispersion * target * (1 - target)) / n)
  const at = (level: number): Interval => {
    const width = normalQuantile((1 + level) / 2) * error
    return { low: Math.max(0, target - width), high: Math.min(1, target + width) }
  }
  return { inner: at(levels.inner), outer: at(levels.outer) }
}

/**
 * Limits of observed ÷ expected where the count is Poisson with the expected as mean: the Poisson
 * quantiles of α/2 and 1 − α/2 ÷ expected, a staircase. With over-dispersion the normal approximation
 * 1 ± z √(φ/expected) takes their place.
 *
 * @throws RangeError unless expected is finite and > 0, and φ > 0
 */
export function ratioFunnel(expected: number, dispersion = 1): FunnelLimits {
  if (!(expected > 0 && Number.isFinite(expected)))
    throw new RangeError(`the expected count must be finite and above 0, not ${expected}`)
  assertDispersion(dispersion)
  const at = (level: number): Interval => {
    if (dispersion === 1)
      return {
        low: poissonQuantile((1 - level) / 2, expected) / expected,
        high: poissonQuantile((1 + level) / 2, expected) / expected,
      }
    const width = normalQuantile((1 + level) / 2) * Math.sqrt(dispersion / expected)
    return { low: Math.max(0, 1 - width), high: 1 + width }
  }
  return { inner: at(levels.inner), outer: at(levels.outer) }
}

/** The smallest count k with P(X ≤ k) ≥ p, as R's `qpois`. Exact at the upper end by the other tail. */
export function poissonQuantile(p: number, mean: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`no quantile at ${p}`)
  const reach = 12 * Math.sqrt(mean) + 40
  return firstWhere(Math.max(0, Math.floor(mean - reach)), Math.ceil(mean + reach), (k) => {
    const tails = gammaTails(k + 1, mean)
    // P(X ≤ k) is the upper tail of the gamma function.
    return p < 0.5 ? tails.upper >= p : tails.lower <= 1 - p
  })
}

/**
 * How many times chance's variance the values have among each other: Σz²/g of the z-scores, the
 * outermost tenth on each side drawn in to the rest first, so that a few real outliers do not widen
 * the limits for all. Never below 1: limits are widened, not narrowed.
 *
 * Source: D. J. Spiegelhalter, Statistics in Medicine 24 (2005) and Quality and Safety in Health Care
 * 14 (2005): Winsorised estimate. Ends are the order statistics number 1 + ⌊g·trim⌋ from each side.
 * @param z (value − target) ÷ standard error by chance; NaN is left out
 */
export function overdispersion(z: ArrayLike<number>, trim = 0.1): number {
  const known = Float64Array.from(z)
    .filter((one) => !Number.isNaN(one))
    .sort()
  const groups = known.length
  if (groups === 0) return 1
  const cut = Math.floor(groups * trim)
  const [low, high] = [known[cut]!, known[groups - 1 - cut]!]
  let sum = 0
  for (const one of known) sum += Math.min(high, Math.max(low, one)) ** 2
  return Math.max(1, sum / groups)
}

/** z-scores of shares against a target; NaN where n is 0 or the target is 0 or 1. */
export function shareScores(
  counts: ArrayLike<number>,
  ns: ArrayLike<number>,
  target: number,
): Float64Array {
  return Float64Array.from(counts, (count, i) => {
    assertCount(count)
    const variance = (target * (1 - target)) / ns[i]!
    return variance > 0 && Number.isFinite(variance)
      ? (count / ns[i]! - target) / Math.sqrt(variance)
      : Number.NaN
  })
}

function assertDispersion(dispersion: number): void {
  if (!(dispersion > 0 && Number.isFinite(dispersion)))
    throw new RangeError(`dispersion must be above 0, not ${dispersion}`)
}
