import { betaQuantile } from './beta.ts'
import { normalTail } from './normal.ts'
import { assertLevel } from './poisson.ts'
import { wilson, z95, type Share } from './wilson.ts'

/**
 * The exact interval of a share: it holds the true share in at least `level` of all samples, and is
 * wider than Wilson's. Limits are beta quantiles B(α/2; k, n − k + 1) and B(1 − α/2; k + 1, n − k).
 *
 * Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934); equals R's `binom.test`.
 * @throws RangeError unless 0 ≤ count ≤ n, both whole, and 0 < level < 1
 */
export function exactShare(count: number, n: number, level = 0.95): Share {
  assertLevel(level)
  const { share } = wilson(count, n)
  if (share === null) return { count, n, share, low: null, high: null }
  const half = (1 - level) / 2
  return {
    count,
    n,
    share,
    low: count === 0 ? 0 : betaQuantile(half, count, n - count + 1),
    high: count === n ? 1 : betaQuantile(half, count + 1, n - count, 'upper'),
  }
}

/** All null where one of the two has no answers. */
export interface ShareDifference {
  /** First minus second, −1 to 1. */
  difference: number | null
  low: number | null
  high: number | null
}

interface Counted {
  count: number
  n: number
}

/**
 * The difference of two independent shares, from Wilson's limits of each:
 * d − √((p₁ − l₁)² + (u₂ − p₂)²) to d + √((u₁ − p₁)² + (p₂ − l₂)²).
 *
 * Source: method 10 of R. G. Newcombe, Statistics in Medicine 17 (1998), without continuity
 * correction.
 * @throws RangeError unless 0 ≤ count ≤ n, all whole
 */
export function shareDifference(first: Counted, second: Counted, z = z95): ShareDifference {
  const a = wilson(first.count, first.n, z)
  const b = wilson(second.count, second.n, z)
  if (a.share === null || b.share === null) return { difference: null, low: null, high: null }
  const difference = a.share - b.share
  return {
    difference,
    low: difference - Math.hypot(a.share - a.low!, b.high! - b.share),
    high: difference + Math.hypot(a.high! - a.share, b.share - b.low!),
  }
}

/** Newcombe's interval leaves 0 beyond this z at the latest. */
const largestZ = 40

/**
 * The two-sided p that belongs to Newcombe's interval: 1 − the level at which its nearer limit
 * touches 0. So p < 0.05 exactly where the 95 % interval leaves out 0. 1 for equal shares or without
 * answers. Values below 1e-300 are 0.
 *
 * @throws RangeError unless 0 ≤ count ≤ n, all whole
 */
export function shareDifferenceP(first: Counted, second: Counted): number {
  const { difference } = shareDifference(first, second)
  if (difference === null || difference === 0) return 1
  const [upper, lower] = difference > 0 ? [first, second] : [second, first]
  const isClear = (z: number): boolean => shareDifference(upper, lower, z).low! > 0
  if (isClear(largestZ)) return 0
  let low = 0
  let high = largestZ
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (isClear(middle)) low = middle
    else high = middle
  }
  return Math.min(1, 2 * normalTail(low))
}
