export interface ClassBreaks {
  /** Ascending. Class n lies at or above `breaks[n - 1]`. */
  breaks: number[]
  /** NaN without finite values. */
  min: number
  max: number
  /** Class 0 holds only zeros. */
  zeroClass: boolean
  counts: number[]
  /** Values that are not finite. */
  excluded: number
}

/**
 * Quantile classes. Zero is its own class unless values are negative; otherwise many zeros would
 * push the rest into one class. Every break is an existing value, so the legend is exact.
 * @throws RangeError when `maxClasses` is not a positive integer
 */
export function classBreaks(values: ArrayLike<number | null>, maxClasses: number): ClassBreaks {
  if (!Number.isInteger(maxClasses) || maxClasses < 1)
    throw new RangeError('class breaks: at least one class')
  const finite = finiteSorted(values)
  const excluded = values.length - finite.length
  if (finite.length === 0)
    return { breaks: [], min: NaN, max: NaN, zeroClass: false, counts: [0], excluded }

  const min = finite[0]!
  const max = finite[finite.length - 1]!
  const zeros = min === 0 ? firstIndexAbove(finite, 0) : 0
  const zeroClass = zeros > 0 && (zeros === finite.length || maxClasses > 1)
  const rest = zeroClass ? finite.subarray(zeros) : finite
  const breaks = zeroClass && rest.length > 0 ? [rest[0]!] : []
  const restClasses = maxClasses - (zeroClass ? 1 : 0)
  for (const cut of quantileCuts(rest, restClasses)) breaks.push(cut)
  return { breaks, min, max, zeroClass, counts: countByClass(finite, breaks), excluded }
}

/** -1 when not finite. */
export function classOf(value: number | null | undefined, breaks: readonly number[]): number {
  if (value === null || value === undefined || !Number.isFinite(value)) return -1
  let index = 0
  while (index < breaks.length && value >= breaks[index]!) index++
  return index
}

function finiteSorted(values: ArrayLike<number | null>): Float64Array {
  const finite = new Float64Array(values.length)
  let count = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value === 'number' && Number.isFinite(value)) finite[count++] = value
  }
  return finite.subarray(0, count).sort()
}

/** Ties stay above. */
function quantileCuts(sorted: Float64Array, classes: number): number[] {
  const distinct = countDistinct(sorted)
  const wanted = Math.min(classes, distinct)
  const cuts: number[] = []
  if (distinct === wanted) {
    for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) cuts.push(sorted[i]!)
    return cuts
  }
  let above = sorted[0]!
  for (let c = 1; c < wanted; c++) {
    const cut = sorted[Math.round((c * sorted.length) / wanted)]!
    if (cut > above) cuts.push((above = cut))
  }
  return cuts
}

function countDistinct(sorted: Float64Array): number {
  let distinct = sorted.length > 0 ? 1 : 0
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) distinct++
  return distinct
}

function firstIndexAbove(sorted: Float64Array, limit: number): number {
  let index = 0
  while (index < sorted.length && sorted[index]! <= limit) index++
  return index
}

function countByClass(values: Float64Array, breaks: readonly number[]): number[] {
  const counts = Array.from({ length: breaks.length + 1 }, () => 0)
  for (const value of values) counts[classOf(value, breaks)]!++
  return counts
}
