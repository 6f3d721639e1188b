import { forEachPassing, type FilteredRows } from './filtered-rows.ts'

/** Points with incidents. */
export interface PointCounts {
  /** x · 65,536 + y. */
  points: Uint32Array
  counts: Uint32Array
}

/** Counts by point, in a hash table with open addresses. */
export function pointCounts(rows: FilteredRows): PointCounts {
  const bits = Math.ceil(Math.log2(2 * rows.count + 2))
  const size = 2 ** bits
  const keys = new Uint32Array(size)
  const counts = new Uint32Array(size)
  let found = 0
  forEachPassing(rows, ({ x, y }) => (row) => {
    const key = ((x[row]! << 16) | y[row]!) >>> 0
    // Fibonacci hashing: the product's high bits
    let slot = Math.imul(key, 0x9e3779b1) >>> (32 - bits)
    while (counts[slot]! > 0 && keys[slot] !== key) slot = (slot + 1) & (size - 1)
    if (counts[slot]!++ > 0) return
    keys[slot] = key
    found++
  })
  const answer = { points: new Uint32Array(found), counts: new Uint32Array(found) }
  for (let slot = 0, at = 0; at < found; slot++) {
    if (counts[slot] === 0) continue
    answer.points[at] = keys[slot]!
    answer.counts[at++] = counts[slot]!
  }
  return answer
}
