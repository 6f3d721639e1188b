/**
 * Corrections for many tests at once: of 1,000 areas without any pattern, 50 are "significant at
 * 0.05". Both give adjusted p-values: compare them with the level itself.
 *
 * In both, `known` marks the tests that took place (1); the others do not count and keep p = 1.
 */

/**
 * Benjamini–Hochberg: among all areas called significant at q, at most the share q is expected to
 * be a false alarm. In ascending order pᵢ·m/i, then the running minimum from the largest down.
 *
 * Source: Y. Benjamini and Y. Hochberg, Journal of the Royal Statistical Society B 57 (1995); equals
 * R's p.adjust(method = "BH"). It holds under the positive dependence of neighbouring areas.
 * @throws RangeError at a p outside 0 to 1
 */
export function benjaminiHochberg(p: ArrayLike<number>, known?: ArrayLike<number>): Float64Array {
  const tests = testedValues(p, known)
  const sorted = tests.toSorted()
  const m = sorted.length
  const adjusted = new Float64Array(m)
  let smallest = 1
  for (let i = m - 1; i >= 0; i--) {
    smallest = Math.min(smallest, (sorted[i]! * m) / (i + 1))
    adjusted[i] = smallest
  }
  const answer = new Float64Array(p.length).fill(1)
  for (let i = 0; i < p.length; i++) {
    if (known && !known[i]) continue
    answer[i] = adjusted[lastIndexOf(sorted, p[i]!)]!
  }
  return answer
}

/**
 * Bonferroni: the chance of even one false alarm is at most the level. p·m, at most 1. Far stricter
 * than Benjamini–Hochberg.
 * @throws RangeError at a p outside 0 to 1
 */
export function bonferroni(p: ArrayLike<number>, known?: ArrayLike<number>): Float64Array {
  const m = testedValues(p, known).length
  const answer = new Float64Array(p.length).fill(1)
  for (let i = 0; i < p.length; i++) if (!known || known[i]) answer[i] = Math.min(1, p[i]! * m)
  return answer
}

function testedValues(p: ArrayLike<number>, known?: ArrayLike<number>): Float64Array {
  if (known && known.length !== p.length) {
    throw new RangeError(`${p.length} p-values, ${known.length} marks`)
  }
  const tested = new Float64Array(p.length)
  let m = 0
  for (let i = 0; i < p.length; i++) {
    if (known && !known[i]) continue
    if (!(p[i]! >= 0 && p[i]! <= 1)) throw new RangeError(`p-value ${i} is ${p[i]}`)
    tested[m++] = p[i]!
  }
  return tested.subarray(0, m)
}

/** The last place of a value that stands in an ascending array. */
function lastIndexOf(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}
