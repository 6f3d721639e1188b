import { assertLevel, poissonInterval, poissonTest, assertCount } from './poisson.ts'

export interface StandardisedRatio {
  observed: number
  expected: number
  /** Observed ÷ expected. Null, like its limits and p, where nothing is expected. */
  ratio: number | null
  low: number | null
  high: number | null
  /** Two-sided exact p of "as many as expected". */
  p: number | null
}

/**
 * The standardised incidence ratio with the exact Poisson interval of the observed count ÷ expected.
 *
 * Source: N. E. Breslow and N. E. Day, Statistical Methods in Cancer Research II (1987), 2.3.
 * @param expected for example from `expectedCounts`, with the city as the standard
 * @throws RangeError unless observed is whole and ≥ 0, expected finite and ≥ 0
 */
export function standardisedRatio(
  observed: number,
  expected: number,
  level = 0.95,
): StandardisedRatio {
  assertCount(observed)
  assertLevel(level)
  if (!(expected >= 0 && Number.isFinite(expected)))
    throw new RangeError(`the expected count must be finite and at least 0, not ${expected}`)
  if (expected === 0) return { observed, expected, ratio: null, low: null, high: null, p: null }
  const { low, high } = poissonInterval(observed, level)
  return {
    observed,
    expected,
    ratio: observed / expected,
    low: low / expected,
    high: high / expected,
    p: poissonTest(observed, expected),
  }
}

export interface Expected {
  /** By area; 0 where no households are known. */
  counts: Float64Array
  /** Areas without households. Their incidents are not in the city's rate. */
  excluded: number[]
}

/**
 * Counts to be expected by area if each stratum had the city's rate everywhere (indirect
 * standardisation): Eᵢ = Σₛ householdsᵢₛ · Σⱼ countⱼₛ / Σⱼ householdsⱼₛ.
 *
 * @param counts by stratum × areas + area, for example strata of building age; one stratum is enough
 * @param households in the same order; 0 or NaN means not known
 * @throws RangeError when lengths differ or a count is negative or NaN
 */
export function expectedCounts(
  counts: ArrayLike<number>,
  households: ArrayLike<number>,
  areas: number,
): Expected {
  if (counts.length !== households.length || (areas > 0 && counts.length % areas !== 0))
    throw new RangeError(
      `${counts.length} counts and ${households.length} households of ${areas} areas`,
    )
  const expected = new Float64Array(areas)
  const known = new Uint8Array(areas)
  for (let start = 0; start < counts.length; start += areas) {
    let incidents = 0
    let homes = 0
    for (let at = start; at < start + areas; at++) {
      if (!(counts[at]! >= 0)) throw new RangeError(`count ${at} is ${counts[at]}`)
      if (!(households[at]! > 0)) continue
      incidents += counts[at]!
      homes += households[at]!
    }
    for (let area = 0; area < areas; area++) {
      const own = households[start + area]!
      if (!(own > 0)) continue
      known[area] = 1
      expected[area]! += (own * incidents) / homes
    }
  }
  const excluded: number[] = []
  known.forEach((isKnown, area) => isKnown || excluded.push(area))
  return { counts: expected, excluded }
}
