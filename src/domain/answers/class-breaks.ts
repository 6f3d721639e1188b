/** Classes of a binned colouring. */
export interface ClassBreaks {
  /**
   * Ascending. Class 0 lies below the first, class n at or above `breaks[n - 1]`. One fewer than
   * classes; empty when all values are equal.
   */
  breaks: number[]
  /** Of the finite values; NaN without any. */
  min: number
  max: number
  /** True when class 0 holds nothing but zeros. */
  zeroClass: boolean
  /** Values per class. */
  counts: number[]
  /** Values that are not finite: areas without a figure. */
  excluded: number
}

/**
 * At most `maxClasses` quantile classes; ties and few values give fewer. Zero is a class of its own
 * unless values are negative: "nothing here" differs from "little", and many zeros must not push the
 * rest into one class. Every break is a value that occurs, so the legend is exact.
 * @throws RangeError when `maxClasses` is not an integer of at least 1
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

/** Index of the value's class, 0 to `breaks.length`; -1 when it is not finite. */
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

/** Ascending cuts with at least one value on either side; ties stay above. */
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
