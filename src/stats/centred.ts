/** Values less their mean, as every statistic of this folder reads them. */
export interface Centred {
  mean: number
  /** Value − mean. */
  deviations: Float64Array
  /** Σ deviation². */
  squares: number
  maxAbsolute: number
  /** No statistic compares equal values. */
  allEqual: boolean
  /** The only value that differs from the others, which are all equal; −1 where there is none. */
  odd: number
}

/**
 * Mean and squares by compensated sums (see `sum.ts`, here inline for one pass over the values).
 * Reading deviations makes results independent of a shift.
 * @throws RangeError at a value that is not finite, with its index
 */
export function centred(values: ArrayLike<number>): Centred {
  const n = values.length
  let sum = 0
  let correction = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let atMin = -1
  let atMax = -1
  let minima = 0
  let maxima = 0
  for (let i = 0; i < n; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) throw new RangeError(`value ${i} is ${value}, not a number`)
    const next = sum + value
    correction += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
    if (value < min) {
      min = value
      atMin = i
      minima = 1
    } else if (value === min) minima++
    if (value > max) {
      max = value
      atMax = i
      maxima = 1
    } else if (value === max) maxima++
  }
  const mean = n === 0 ? 0 : (sum + correction) / n
  const deviations = new Float64Array(n)
  let squares = 0
  let squaresCorrection = 0
  for (let i = 0; i < n; i++) {
    const deviation = values[i]! - mean
    deviations[i] = deviation
    const square = deviation * deviation
    const next = squares + square
    squaresCorrection += squares >= square ? squares - next + square : square - next + squares
    squares = next
  }
  squares += squaresCorrection
  if (!Number.isFinite(squares)) throw new RangeError('values are too large to square')
  return {
    mean,
    deviations,
    squares,
    maxAbsolute: n === 0 ? 0 : Math.max(max - mean, mean - min),
    allEqual: n === 0 || min === max,
    odd: n < 2 ? -1 : minima === n - 1 ? atMax : maxima === n - 1 ? atMin : -1,
  }
}

/** Variance of all values but the i-th, around their own mean: Σ(x − x̄)²/(n − 1). */
export function varianceWithout(i: number, { deviations, squares }: Centred): number {
  const others = deviations.length - 1
  const own = deviations[i]!
  const left = squares - (own * own * (others + 1)) / others
  // One giant value leaves few digits; at most two areas can be so large.
  if (left > 1e-3 * squares) return left / others
  const mean = -own / others
  let sum = 0
  for (let j = 0; j <= others; j++) if (j !== i) sum += (deviations[j]! - mean) ** 2
  return sum / others
}
