/**
 * Limits of quantile classes, ascending. Class n lies at or above `breaks[n - 1]`. Every break is an
 * existing value, so a legend is exact. Values that are not finite are left out.
 * @throws RangeError when `maxClasses` is not a positive integer
 */
export function classBreaks(values: ArrayLike<number | null>, maxClasses: number): number[] {
  if (!Number.isInteger(maxClasses) || maxClasses < 1)
    throw new RangeError('class breaks: at least one class')
  return quantileCuts(finiteSorted(values), maxClasses)
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
