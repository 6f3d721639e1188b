/**
 * A quantile by linear interpolation of the order statistics: h = (n − 1)p, type 7, the default of
 * R and NumPy. Source: R. J. Hyndman and Y. Fan, The American Statistician 50 (1996).
 * @param sorted ascending, without NaN
 * @param p from 0 to 1
 * @returns null when there are no values
 * @throws RangeError when `p` lies outside 0 to 1
 */
export function quantileSorted(sorted: ArrayLike<number>, p: number): number | null {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`no quantile: ${p}`)
  if (sorted.length === 0) return null
  const h = (sorted.length - 1) * p
  const below = Math.floor(h)
  const low = sorted[below]!
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!
  return low + (h - below) * (high - low)
}
