import type { Rows } from './weights.ts'

export interface SpaceTimeOptions {
  /** Steps before the present one that count as neighbours. Default 1. */
  lags?: number
  /** Weight of the area itself, at each step of the window. Default 1. */
  selfWeight?: number
  /**
   * Mean and variance come from the whole cube, or from the bins of the step and its lags. `steps`
   * takes the city's own trend and season out. Default `cube`.
   */
  against?: 'cube' | 'steps'
}

/**
 * Gi* of each area and time step. Neighbours of a bin are its area and the areas beside it, at the same
 * step and at `lags` steps before; the first steps have fewer.
 *
 * z = (Σw x − x̄ Σw) / (σ √((N Σw² − (Σw)²)/(N − 1))), with mean x̄ and variance σ² ÷ N over N bins.
 * z is 0 where nothing differs or all bins are neighbours.
 *
 * Sources: J. K. Ord and A. Getis, Geographical Analysis 27 (1995); ArcGIS Pro, How Emerging Hot Spot
 * Analysis works.
 * @param spatial the area itself not in its row, see `selfWeight`
 * @param counts by area × steps + step
 * @returns z in the same order
 * @throws RangeError when lengths differ or a count is not finite
 */
export function spaceTimeGiStar(
  counts: ArrayLike<number>,
  spatial: Rows,
  steps: number,
  options: SpaceTimeOptions = {},
): Float64Array {
  const { lags = 1, selfWeight = 1, against = 'cube' } = options
  const { starts, neighbours, weights } = spatial
  const areas = starts.length - 1
  if (counts.length !== areas * steps)
    throw new RangeError(`${counts.length} counts for ${areas} areas × ${steps} steps`)
  if (!(Number.isInteger(lags) && lags >= 0)) throw new RangeError(`no lags: ${lags}`)
  const { means, deviations, bins } = momentsByStep(counts, areas, steps, lags, against)
  const z = new Float64Array(counts.length)
  const row = new Float64Array(steps)
  for (let area = 0; area < areas; area++) {
    let sum = selfWeight
    let squares = selfWeight * selfWeight
    for (let t = 0; t < steps; t++) row[t] = selfWeight * counts[area * steps + t]!
    for (let at = starts[area]!; at < starts[area + 1]!; at++) {
      const weight = weights ? weights[at]! : 1
      const from = neighbours[at]! * steps
      sum += weight
      squares += weight * weight
      for (let t = 0; t < steps; t++) row[t]! += weight * counts[from + t]!
    }
    for (let t = 0; t < steps; t++) {
      const first = Math.max(0, t - lags)
      let local = 0
      for (let at = first; at <= t; at++) local += row[at]!
      const span = t - first + 1
      const n = bins[t]!
      const spread = (n * squares * span - (sum * span) ** 2) / (n - 1)
      const error = deviations[t]! * Math.sqrt(Math.max(0, spread))
      z[area * steps + t] = error > 0 ? (local - means[t]! * sum * span) / error : 0
    }
  }
  return z
}

interface Moments {
  means: Float64Array
  deviations: Float64Array
  bins: Float64Array
}

/** Mean, standard deviation (÷ N) and number of the bins each step is judged against. */
function momentsByStep(
  counts: ArrayLike<number>,
  areas: number,
  steps: number,
  lags: number,
  against: 'cube' | 'steps',
): Moments {
  const sums = new Float64Array(steps)
  let total = 0
  for (let at = 0; at < counts.length; at++) {
    if (!Number.isFinite(counts[at]!)) throw new RangeError(`count ${at} is ${counts[at]}`)
    sums[at % steps]! += counts[at]!
    total += counts[at]!
  }
  // Squares about the overall mean, not about 0: large counts would cancel.
  const centre = counts.length > 0 ? total / counts.length : 0
  const squares = new Float64Array(steps)
  for (let at = 0; at < counts.length; at++) squares[at % steps]! += (counts[at]! - centre) ** 2
  const means = new Float64Array(steps)
  const deviations = new Float64Array(steps)
  const bins = new Float64Array(steps)
  for (let t = 0; t < steps; t++) {
    const first = against === 'cube' ? 0 : Math.max(0, t - lags)
    const last = against === 'cube' ? steps - 1 : t
    let sum = 0
    let square = 0
    for (let at = first; at <= last; at++) {
      sum += sums[at]!
      square += squares[at]!
    }
    bins[t] = areas * (last - first + 1)
    means[t] = sum / bins[t]!
    const variance = square / bins[t]! - (means[t]! - centre) ** 2
    // Rounding leaves a trace where all values are equal.
    const trace = 1e-14 * (centre * centre + square / bins[t]!)
    deviations[t] = variance > trace ? Math.sqrt(variance) : 0
  }
  return { means, deviations, bins }
}
