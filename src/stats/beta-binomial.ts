import { betaQuantile } from './beta.ts'
import { assertLevel } from './poisson.ts'
import { wilson } from './wilson.ts'

export interface ShrunkenShares {
  /** Share of all answers; null without any. */
  mean: number | null
  /** Answers that the prior weighs as much as; Infinity where groups differ no more than by chance. */
  priorAnswers: number
  /** Drawn towards `mean`; the mean itself where a group has no answers. NaN without any answers. */
  shares: Float64Array
  low: Float64Array
  high: Float64Array
}

/** The prior weighs at least one answer, or a few groups with 0 and 100 % would leave none at all. */
const leastPrior = 1

/**
 * Shares of groups, each drawn towards the share of all the more, the fewer answers it rests on:
 * (α + k)/(α + β + n) with α = mp and β = m(1 − p). The prior's size m = 1/γ − 1 comes from the
 * moments with weights n:
 * γ = (S − pq(g − 1)) / (pq(N − Σn²/N − (g − 1))), S = Σn(kᵢ/nᵢ − p)², over g groups with answers.
 *
 * The interval holds the quantiles of the posterior beta. It takes the prior as known, so it is too
 * narrow with fewer than some ten groups. With γ ≤ 0 every group gets the share of all and Wilson's
 * interval of all answers.
 *
 * Source: J. C. Kleinman, JASA 68 (1973); B. Efron and C. Morris, JASA 70 (1975).
 * @throws RangeError unless 0 ≤ count ≤ n, all whole, in arrays of one length
 */
export function shrunkenShares(
  counts: ArrayLike<number>,
  ns: ArrayLike<number>,
  level = 0.95,
): ShrunkenShares {
  assertLevel(level)
  if (counts.length !== ns.length)
    throw new RangeError(`${counts.length} counts and ${ns.length} numbers of answers`)
  const groups = counts.length
  const { mean, prior, all } = priorOf(counts, ns)
  const [shares, low, high] = [0, 1, 2].map(() => new Float64Array(groups).fill(Number.NaN))
  if (mean !== null) {
    for (let i = 0; i < groups; i++) {
      if (prior === Number.POSITIVE_INFINITY) {
        shares![i] = mean
        low![i] = all.low!
        high![i] = all.high!
        continue
      }
      const alpha = prior * mean + counts[i]!
      const beta = prior * (1 - mean) + ns[i]! - counts[i]!
      shares![i] = alpha / (alpha + beta)
      low![i] = betaQuantile((1 - level) / 2, alpha, beta)
      high![i] = betaQuantile((1 - level) / 2, alpha, beta, 'upper')
    }
  }
  return { mean, priorAnswers: prior, shares: shares!, low: low!, high: high! }
}

function priorOf(counts: ArrayLike<number>, ns: ArrayLike<number>) {
  let count = 0
  let total = 0
  let squares = 0
  let groups = 0
  for (let i = 0; i < ns.length; i++) {
    // Refuses what is no share.
    if (wilson(counts[i]!, ns[i]!).share === null) continue
    count += counts[i]!
    total += ns[i]!
    squares += ns[i]! ** 2
    groups++
  }
  const all = wilson(count, total)
  const mean = all.share
  if (mean === null || mean === 0 || mean === 1)
    return { mean, prior: Number.POSITIVE_INFINITY, all }
  let spread = 0
  for (let i = 0; i < ns.length; i++)
    if (ns[i]! > 0) spread += ns[i]! * (counts[i]! / ns[i]! - mean) ** 2
  const chance = mean * (1 - mean)
  const room = chance * (total - squares / total - (groups - 1))
  const gamma = room > 0 ? (spread - chance * (groups - 1)) / room : 0
  const prior = gamma > 0 ? Math.max(leastPrior, 1 / gamma - 1) : Number.POSITIVE_INFINITY
  return { mean, prior, all }
}
