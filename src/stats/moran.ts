import { centred, varianceWithout } from './centred.ts'
import { globalTest, type GlobalTest, type LocalTest } from './getis-ord.ts'
import { marginSums } from './margin-sums.ts'
import { twoSidedP } from './normal.ts'
import { assertFits, type Weights } from './weights.ts'

/** The area's own value against the mean, then its neighbours'. `none`: no neighbours. */
export const quadrants = ['none', 'high-high', 'low-high', 'low-low', 'high-low'] as const

/** Local Moran's I for each area. */
export interface LocalMoran extends LocalTest {
  statistic: Float64Array
  expected: Float64Array
  variance: Float64Array
  /** Index into `quadrants`; as much as the mean is low. */
  quadrant: Uint8Array
}

/**
 * Local Moran's I: does an area resemble its neighbours (I > 0: high among high, low among low), or
 * is it an outlier (I < 0)?
 *
 * Iᵢ = zᵢ/m₂ · Σⱼ wᵢⱼzⱼ, z = x − x̄, m₂ = Σz²/n. Mean and variance are those with xᵢ in its place
 * and the others shuffled (`conditional`, the one to use; its z is that of Gi up to the sign), or
 * with all shuffled (`total`, Anselin's first).
 *
 * No result, as in `localG`: no neighbours, the others all equal, a row of all others alike. An area
 * at the mean has I = 0 whatever lies around it: no result either.
 *
 * Sources: L. Anselin, Geographical Analysis 27 (1995); R. R. Sokal, N. L. Oden and B. A. Thomson,
 * Geographical Analysis 30 (1998); equals spdep's localmoran.
 * @throws RangeError at values that are not finite or do not fit the weights, and at rows that hold
 *   the areas themselves
 */
export function localMoran(
  values: ArrayLike<number>,
  weights: Weights,
  shuffled: 'conditional' | 'total' = 'conditional',
): LocalMoran {
  assertFits(weights, values)
  if (weights.self) throw new RangeError("Moran's I has no rows that hold the areas themselves")
  const moments = centred(values)
  const { deviations, squares, allEqual, odd, maxAbsolute } = moments
  const { n, starts, neighbours } = weights
  const answer: LocalMoran = {
    z: new Float64Array(n),
    p: new Float64Array(n).fill(1),
    known: new Uint8Array(n),
    statistic: new Float64Array(n),
    expected: new Float64Array(n),
    variance: new Float64Array(n),
    quadrant: new Uint8Array(n),
  }
  if (allEqual || n < 3) return answer
  const m2 = squares / n
  let fourth = 0
  for (let i = 0; i < n; i++) fourth += ((deviations[i]! * deviations[i]!) / squares) ** 2
  /** Kurtosis: Σz⁴/n over m₂². */
  const b2 = n * fourth
  for (let i = 0; i < n; i++) {
    const start = starts[i]!
    const end = starts[i + 1]!
    if (start === end) continue
    let lag = 0
    let sum = 0
    let sumSquares = 0
    for (let e = start; e < end; e++) {
      const weight = weights.weights ? weights.weights[e]! : 1
      lag += weight * deviations[neighbours[e]!]!
      sum += weight
      sumSquares += weight * weight
    }
    const own = deviations[i]!
    const scale = own / m2
    answer.statistic[i] = scale * lag
    answer.quadrant[i] = own > 0 ? (lag > 0 ? 1 : 4) : lag > 0 ? 2 : 3
    if (shuffled === 'conditional') {
      answer.expected[i] = (-own * scale * sum) / (n - 1)
      const spread = sumSquares - (sum * sum) / (n - 1)
      // n/(n − 1) · (m₂ − z²/(n − 1)) is the variance of the others.
      const rest = varianceWithout(i, moments) * ((n - 1) / (n - 2))
      answer.variance[i] = scale * own * spread * (rest / m2)
      // A rest of equal compared values, or of a row of all others, is rounding.
      if (i === odd || spread <= 1e-12 * sumSquares) continue
      if (Math.abs(own) <= 1e-14 * maxAbsolute) continue
    } else {
      const expected = -sum / (n - 1)
      answer.expected[i] = expected
      answer.variance[i] =
        (sumSquares * (n - b2)) / (n - 1) +
        ((sum * sum - sumSquares) * (2 * b2 - n)) / ((n - 1) * (n - 2)) -
        expected * expected
    }
    if (!(answer.variance[i]! > 0)) continue
    answer.z[i] = (answer.statistic[i]! - answer.expected[i]!) / Math.sqrt(answer.variance[i]!)
    answer.p[i] = twoSidedP(answer.z[i]!)
    answer.known[i] = 1
  }
  return answer
}

/**
 * Global Moran's I: do like values lie together (z > 0) or apart (z < 0) on the whole map?
 *
 * I = n/S₀ · Σᵢⱼ wᵢⱼzᵢzⱼ / Σz², with its variance under randomisation.
 *
 * Sources: A. D. Cliff and J. K. Ord, Spatial Processes (1981); equals spdep's moran.test.
 * @returns null where there is nothing to compare: fewer than 4 areas with neighbours, equal values
 * @throws RangeError as `localMoran`
 */
export function globalMoran(values: ArrayLike<number>, weights: Weights): GlobalTest | null {
  assertFits(weights, values)
  if (weights.self) throw new RangeError("Moran's I has no rows that hold the areas themselves")
  const { deviations, squares, allEqual } = centred(values)
  const { n, s0, s1, s2 } = marginSums(weights)
  if (n < 4 || allEqual || s0 === 0) return null
  let cross = 0
  let fourth = 0
  for (let i = 0; i < weights.n; i++) {
    let lag = 0
    for (let e = weights.starts[i]!; e < weights.starts[i + 1]!; e++) {
      lag += (weights.weights ? weights.weights[e]! : 1) * deviations[weights.neighbours[e]!]!
    }
    const share = (deviations[i]! * deviations[i]!) / squares
    cross += (deviations[i]! * lag) / squares
    fourth += share * share
  }
  const kurtosis = weights.n * fourth
  const spread = n * (s1 * (n * n - 3 * n + 3) - n * s2 + 3 * s0 * s0)
  const peaked = kurtosis * (s1 * (n * n - n) - 2 * n * s2 + 6 * s0 * s0)
  const expected = -1 / (n - 1)
  const variance = (spread - peaked) / ((n - 1) * (n - 2) * (n - 3) * s0 * s0) - expected * expected
  return globalTest((n / s0) * cross, expected, variance, n)
}
