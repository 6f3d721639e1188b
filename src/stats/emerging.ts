import { mannKendall } from './mann-kendall.ts'

/** In the published order. Class k is `emergingClasses[k − 1]`. */
export const emergingClasses = [
  'new',
  'consecutive',
  'intensifying',
  'persistent',
  'diminishing',
  'sporadic',
  'oscillating',
  'historical',
] as const
export type EmergingClass = (typeof emergingClasses)[number]

export interface Emerging {
  /** By area: 1 to 8 hot, −1 to −8 cold, 0 no pattern. */
  classes: Int8Array
  /** By area: significant hot and cold steps, and z and p of the trend of Gi*. */
  hotSteps: Uint16Array
  coldSteps: Uint16Array
  trendZ: Float64Array
  trendP: Float64Array
}

export interface EmergingOptions {
  /**
   * A bin is hot from this z on and cold from −z on: 1.644… for 90 % without correction, or the
   * smallest |z| that a false-discovery correction keeps; Infinity where it keeps none.
   */
  criticalZ: number
  /** A trend of Gi* counts below this p. Default 0.1. */
  trendLevel?: number
}

/** "90 percent of the time-step intervals" in the definitions. */
const mostSteps = 0.9

/**
 * Classifies the time series of Gi* of each area. A hot class, with "last" for the final step:
 *
 * - new: last is hot, none before was
 * - consecutive: the hot steps are one run of at least two that ends with last; under 90 % are hot
 * - intensifying, diminishing: at least 90 % are hot, last too, and Gi* rises or falls significantly
 * - persistent: at least 90 % are hot, last too, without a significant trend
 * - sporadic: last is hot, hot on and off before, under 90 %, none was cold
 * - oscillating: last is hot, some step before was cold, under 90 % are hot
 * - historical: last is not hot, at least 90 % are
 *
 * Cold classes mirror them. Where two published definitions hold, the first of this list counts, with
 * two exceptions. A persistent area whose last step is not hot is historical. A historical hot spot
 * whose last step is cold is a new cold spot.
 *
 * Source: ArcGIS Pro, How Emerging Hot Spot Analysis works.
 * @param z of Gi* by area × steps + step, oldest first
 * @throws RangeError when z does not fill the areas or is not finite
 */
export function classifyEmerging(
  z: Float64Array,
  steps: number,
  { criticalZ, trendLevel = 0.1 }: EmergingOptions,
): Emerging {
  if (!(Number.isInteger(steps) && steps > 0) || z.length % steps !== 0)
    throw new RangeError(`${z.length} values do not fill series of ${steps} steps`)
  if (!(criticalZ > 0)) throw new RangeError(`the critical z must be above 0, not ${criticalZ}`)
  const areas = z.length / steps
  const answer: Emerging = {
    classes: new Int8Array(areas),
    hotSteps: new Uint16Array(areas),
    coldSteps: new Uint16Array(areas),
    trendZ: new Float64Array(areas),
    trendP: new Float64Array(areas),
  }
  for (let area = 0; area < areas; area++) {
    const series = z.subarray(area * steps, (area + 1) * steps)
    const trend = mannKendall(series)
    const hot = runsOf(series, criticalZ, 1)
    const cold = runsOf(series, criticalZ, -1)
    answer.hotSteps[area] = hot.steps
    answer.coldSteps[area] = cold.steps
    answer.trendZ[area] = trend.z
    answer.trendP[area] = trend.p
    const direction = trend.p < trendLevel ? Math.sign(trend.z) : 0
    const asHot = classOf(hot, cold.steps > 0, direction, steps)
    const asCold = classOf(cold, hot.steps > 0, -direction, steps)
    answer.classes[area] = asHot === 0 || cold.finalRun > 0 ? -asCold : asHot
  }
  return answer
}

interface Runs {
  /** Significant steps. */
  steps: number
  /** Those of them in the run that ends with the last step. */
  finalRun: number
}

function runsOf(series: Float64Array, criticalZ: number, sign: 1 | -1): Runs {
  let steps = 0
  let finalRun = 0
  for (const value of series) {
    const isSignificant = sign * value >= criticalZ
    if (isSignificant) steps++
    finalRun = isSignificant ? finalRun + 1 : 0
  }
  return { steps, finalRun }
}

/** @param direction 1 where the intensity grows, −1 where it shrinks, 0 without a trend */
function classOf(own: Runs, hasOpposite: boolean, direction: number, steps: number): number {
  const isLast = own.finalRun > 0
  // 0.9 × 10 is 9 exactly in decimals, not in binary.
  const isMost = own.steps >= mostSteps * steps - 1e-9
  const is = (name: EmergingClass) => emergingClasses.indexOf(name) + 1
  if (isLast && own.steps === 1) return is('new')
  if (!isLast) return isMost && own.steps > 0 ? is('historical') : 0
  if (isMost) {
    if (direction > 0) return is('intensifying')
    return direction < 0 ? is('diminishing') : is('persistent')
  }
  if (own.finalRun === own.steps) return is('consecutive')
  return hasOpposite ? is('oscillating') : is('sporadic')
}
