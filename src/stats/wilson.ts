/** A share with its 95 % interval. */
export interface Share {
  /** Number with the property. */
  count: number
  n: number
  /** Null when `n` is 0. */
  share: number | null
  low: number | null
  high: number | null
}

/** 97.5th percentile of the standard normal distribution. */
export const z95 = 1.959963984540054

/**
 * Wilson's score interval for a proportion, without continuity correction. It stays within 0 and 1.
 *
 * (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)
 *
 * Source: E. B. Wilson, JASA 22 (1927); method 3 of R. G. Newcombe, Statistics in Medicine 17
 * (1998).
 * @throws RangeError unless 0 ≤ count ≤ n, both whole
 */
export function wilson(count: number, n: number, z = z95): Share {
  if (!Number.isInteger(count) || !Number.isInteger(n) || count < 0 || count > n)
    throw new RangeError(`no share: ${count} of ${n}`)
  if (n === 0) return { count, n, share: null, low: null, high: null }
  const p = count / n
  const scale = 1 + (z * z) / n
  const middle = (p + (z * z) / (2 * n)) / scale
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / scale
  return {
    count,
    n,
    share: p,
    // Avoids rounding errors at the ends.
    low: count === 0 ? 0 : middle - half,
    high: count === n ? 1 : middle + half,
  }
}
