import { centred, varianceWithout, type Centred } from './centred.ts'
import { twoSidedP, twoSidedPs } from './normal.ts'
import { marginSums } from './margin-sums.ts'
import { assertFits, type Weights } from './weights.ts'

/** A test for each area. */
export interface LocalTest {
  /** Standard deviations from the expected; 0 where not `known`. */
  z: Float64Array
  /** Two-sided p-value by the normal distribution; 1 where not `known`. */
  p: Float64Array
  /** 1 where there is a result, 0 where none can be had. Nothing is NaN. */
  known: Uint8Array
}

/** A test of all areas together. */
export interface GlobalTest {
  statistic: number
  expected: number
  variance: number
  z: number
  /** Two-sided. */
  p: number
  /** Areas that count: those with neighbours. */
  n: number
}

/**
 * Getis–Ord: is the sum of an area's neighbours larger (z > 0, hot) or smaller (cold) than sums of
 * as many values of this map are by chance? Gi* where the rows hold the area itself
 * (`weights.self`), else Gi, which compares with the other areas alone.
 *
 * Gi*: z = (Σⱼ wᵢⱼxⱼ − Wᵢx̄) / √(s² (n·S₁ᵢ − Wᵢ²)/(n − 1)), Wᵢ = Σⱼ wᵢⱼ, S₁ᵢ = Σⱼ wᵢⱼ², s² = Σ(x − x̄)²/n.
 * Gi: the same with n − 1 for n and mean and variance of the values without xᵢ.
 *
 * No result: an area without neighbours (Gi; in Gi* it is judged by its own value, as spdep does),
 * all compared values equal, a row that holds all areas alike, fewer than 3 areas (2 in Gi*).
 *
 * Sources: J. K. Ord and A. Getis, Geographical Analysis 27 (1995); equals spdep's localG.
 * @throws RangeError at values that are not finite or do not fit the weights
 */
export function localG(values: ArrayLike<number>, weights: Weights): LocalTest {
  const { z, known } = localGZ(values, weights)
  return { z, p: twoSidedPs(z, known), known }
}

/** `localG` without p, which takes as long again. */
export function localGZ(values: ArrayLike<number>, weights: Weights): ZValues {
  assertFits(weights, values)
  const moments = centred(values)
  const { n, self } = weights
  const answer = { z: new Float64Array(n), known: new Uint8Array(n) }
  /** Values compared with: all, or all others. */
  const compared = self ? n : n - 1
  if (moments.allEqual || compared < 2) return answer
  if (weights.weights) weightedRows(weights, weights.weights, moments, answer)
  else binaryRows(weights, moments, answer)
  return answer
}

interface ZValues {
  z: Float64Array
  known: Uint8Array
}

function binaryRows(
  { n, starts, neighbours, self }: Weights,
  moments: Centred,
  out: ZValues,
): void {
  const { deviations, squares, odd } = moments
  const { z, known } = out
  const most = longest(starts)
  const scales = Float64Array.from({ length: most + 1 }, (_, length) =>
    scaleOf(self ? n : n - 1, length, length),
  )
  const overSpread = 1 / Math.sqrt(squares / n)
  known.fill(1)
  for (let i = 0; i < n; i++) {
    const start = starts[i]!
    const end = starts[i + 1]!
    const scale = scales[end - start]!
    if (scale === 0 || (!self && i === odd)) {
      known[i] = 0
      continue
    }
    let lag = 0
    for (let e = start; e < end; e++) lag += deviations[neighbours[e]!]!
    z[i] = self
      ? lag * scale * overSpread
      : ((lag + ((end - start) * deviations[i]!) / (n - 1)) * scale) /
        Math.sqrt(varianceWithout(i, moments))
  }
}

function weightedRows(
  { n, starts, neighbours, self }: Weights,
  weights: Float64Array,
  moments: Centred,
  out: ZValues,
): void {
  const { deviations, squares, odd } = moments
  for (let i = 0; i < n; i++) {
    let lag = 0
    let sum = 0
    let sumSquares = 0
    for (let e = starts[i]!; e < starts[i + 1]!; e++) {
      const weight = weights[e]!
      lag += weight * deviations[neighbours[e]!]!
      sum += weight
      sumSquares += weight * weight
    }
    const scale = scaleOf(self ? n : n - 1, sum, sumSquares)
    if (scale === 0 || (!self && i === odd)) continue
    const excess = self ? lag : lag + (sum * deviations[i]!) / (n - 1)
    out.z[i] = (excess * scale) / Math.sqrt(self ? squares / n : varianceWithout(i, moments))
    out.known[i] = 1
  }
}

/** √((c − 1)/(c·S₁ − W²)) with c compared values; 0 for a row without spread. */
function scaleOf(compared: number, sum: number, sumSquares: number): number {
  const spread = compared * sumSquares - sum * sum
  // A row of all areas alike always has the same sum; what is left is rounding.
  return spread > 1e-12 * compared * sumSquares ? Math.sqrt((compared - 1) / spread) : 0
}

function longest(starts: Uint32Array): number {
  let most = 0
  for (let i = 0; i + 1 < starts.length; i++) most = Math.max(most, starts[i + 1]! - starts[i]!)
  return most
}

/**
 * General G: do large values lie together (z > 0), or small ones (z < 0)?
 *
 * G = Σᵢⱼ wᵢⱼxᵢxⱼ / Σᵢ≠ⱼ xᵢxⱼ, with its variance under randomisation. Values of areas without
 * neighbours count nowhere. Use binary weights.
 *
 * Sources: A. Getis and J. K. Ord, Geographical Analysis 24 (1992), the variance as corrected in
 * 1993; equals spdep's globalG.test.
 * @returns null where there is nothing to compare: fewer than 4 areas with neighbours, equal values,
 *   at most one value above 0
 * @throws RangeError at values that are negative, not finite or do not fit the weights, and at rows
 *   that hold the areas themselves
 */
export function globalG(values: ArrayLike<number>, weights: Weights): GlobalTest | null {
  assertFits(weights, values)
  if (weights.self) throw new RangeError('general G has no rows that hold the areas themselves')
  const { allEqual } = centred(values)
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < 0) throw new RangeError(`value ${i} is negative: ${values[i]}`)
  }
  const { n, s0, s1, s2 } = marginSums(weights)
  if (n < 4 || allEqual || s0 === 0) return null
  let cross = 0
  // Power sums of values as shares of the largest, which no power can overflow.
  let largest = 0
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i]!)
  let [x1, x2, x3, x4] = [0, 0, 0, 0]
  for (let i = 0; i < weights.n; i++) {
    const start = weights.starts[i]!
    const end = weights.starts[i + 1]!
    if (start === end) continue
    const x = values[i]! / largest
    let lag = 0
    for (let e = start; e < end; e++) {
      lag +=
        ((weights.weights ? weights.weights[e]! : 1) * values[weights.neighbours[e]!]!) / largest
    }
    cross += x * lag
    x1 += x
    x2 += x * x
    x3 += x * x * x
    x4 += x * x * x * x
  }
  const pairs = x1 * x1 - x2
  if (pairs <= 0) return null
  const b0 = (n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0 * s0
  const b1 = -((n * n - n) * s1 - 2 * n * s2 + 6 * s0 * s0)
  const b2 = -(2 * n * s1 - (n + 3) * s2 + 6 * s0 * s0)
  const b3 = 4 * (n - 1) * s1 - 2 * (n + 1) * s2 + 8 * s0 * s0
  const b4 = s1 - s2 + s0 * s0
  const powers = b0 * x2 * x2 + b1 * x4 + b2 * x1 * x1 * x2 + b3 * x1 * x3 + b4 * x1 ** 4
  const expected = s0 / (n * (n - 1))
  const variance = powers / (pairs * pairs * n * (n - 1) * (n - 2) * (n - 3)) - expected * expected
  return globalTest(cross / pairs, expected, variance, n)
}

/** Null where the variance is no more than rounding. */
export function globalTest(
  statistic: number,
  expected: number,
  variance: number,
  n: number,
): GlobalTest | null {
  if (!(variance > 1e-14 * expected * expected)) return null
  const z = (statistic - expected) / Math.sqrt(variance)
  return { statistic, expected, variance, z, p: twoSidedP(z), n }
}
