import { betaQuantile, betaTails, binomialDensity } from './beta.ts'
import { assertCount, assertLevel, firstWhere } from './poisson.ts'

export interface Change {
  now: number
  before: number
  /** Rate now ÷ rate before. Null where nothing was counted before. */
  ratio: number | null
  low: number
  /** Null means no upper limit: nothing was counted before. */
  high: number | null
  /** Two-sided exact p of "both rates are the same". 1 where nothing was counted at all. */
  p: number
  /** Count to be expected now if the rate had stayed as before. */
  expected: number
}

export interface ChangeOptions {
  /** For example days, or households × days. Default 1. */
  exposureNow?: number
  exposureBefore?: number
  /** Default 0.95. */
  level?: number
}

/**
 * Compares two Poisson counts. Given their sum n, the count now is binomial(n, π) with π =
 * e₁/(e₁ + e₀) when the rates are equal: the conditional exact test. The interval of the ratio comes
 * from Clopper and Pearson's limits of π: ratio = π/(1 − π) · e₀/e₁. R's `poisson.test` of two
 * counts gives the same.
 *
 * Sources: J. Przyborowski and H. Wilenski, Biometrika 31 (1940); C. J. Clopper and E. S. Pearson,
 * Biometrika 26 (1934).
 * @throws RangeError unless counts are whole and ≥ 0, exposures finite and > 0
 */
export function compareCounts(now: number, before: number, options: ChangeOptions = {}): Change {
  const { exposureNow = 1, exposureBefore = 1, level = 0.95 } = options
  assertCount(now, 'the count now')
  assertCount(before, 'the count before')
  assertExposure(exposureNow)
  assertExposure(exposureBefore)
  assertLevel(level)
  const half = (1 - level) / 2
  const scale = exposureBefore / exposureNow
  const share = 1 / (1 + scale)
  const odds = (p: number, rest: number) => (p / rest) * scale
  const low = now === 0 ? 0 : betaQuantile(half, now, before + 1)
  // 1 − p by its own quantile: exact where p is near 1.
  const high = before === 0 ? 0 : betaQuantile(half, before, now + 1)
  return {
    now,
    before,
    ratio: before === 0 ? null : (now / before) * scale,
    low: odds(low, 1 - low),
    high: before === 0 ? null : odds(1 - high, high),
    p: binomialTest(now, now + before, share),
    expected: before / scale,
  }
}

/**
 * The two-sided exact p: the probability of all outcomes no likelier than the one seen, as R's
 * `binom.test` has it.
 *
 * @throws RangeError unless 0 ≤ count ≤ n, both whole, and 0 ≤ share ≤ 1
 */
export function binomialTest(count: number, n: number, share: number): number {
  assertCount(count)
  assertCount(n - count, 'the rest')
  if (!(share >= 0 && share <= 1)) throw new RangeError(`no share: ${share}`)
  if (n === 0) return 1
  const seen = binomialDensity(count, n, share) * (1 + 1e-7)
  const isNoLikelier = (k: number) => binomialDensity(k, n, share) <= seen
  const mean = n * share
  if (count > mean) {
    const below = firstWhere(0, Math.floor(mean), (k) => !isNoLikelier(k)) - 1
    return Math.min(1, atLeast(count, n, share) + (below < 0 ? 0 : atMost(below, n, share)))
  }
  const above = firstWhere(Math.floor(mean) + 1, n, isNoLikelier)
  return Math.min(1, atMost(count, n, share) + (above > n ? 0 : atLeast(above, n, share)))
}

/** P(X ≥ count) of a binomial. */
function atLeast(count: number, n: number, share: number): number {
  return count <= 0 ? 1 : betaTails(count, n - count + 1, share).lower
}

/** P(X ≤ count) of a binomial, exact where it is small. */
function atMost(count: number, n: number, share: number): number {
  return count >= n ? 1 : betaTails(count + 1, n - count, share).upper
}

function assertExposure(exposure: number): void {
  if (!(exposure > 0 && Number.isFinite(exposure)))
    throw new RangeError(`an exposure must be finite and above 0, not ${exposure}`)
}
