import { within, type InParts } from '../../stats/in-parts.ts'
import { eachPassingInParts, type FilteredRows } from './filtered-rows.ts'

/** Points with incidents. */
export interface PointCounts {
  /** See `pointKey`. */
  points: Uint32Array
  counts: Uint32Array
}

export const pointKey = (x: number, y: number): number => ((x << 16) | y) >>> 0

/**
 * Counts by point, in a hash table with open addresses. At 1,000,000 incidents a table of all points
 * takes longer than the rest of a question; so a small table leaves out most others first.
 * @param least incidents of a point, at most 255
 */
export function* pointCounts(rows: FilteredRows, least = 1): InParts<PointCounts> {
  const isLikely = least > 1 ? yield* within(likelyPoints(rows, least), 0, 0.3) : () => true
  const keysOf = (visit: (key: number) => void): InParts<void> =>
    eachPassingInParts(rows, ({ x, y }) => (row) => {
      const key = pointKey(x[row]!, y[row]!)
      if (isLikely(key)) visit(key)
    })
  let likely = 0
  if (least > 1)
    yield* within(
      keysOf(() => likely++),
      0.3,
      0.6,
    )
  else likely = rows.count
  const bits = Math.ceil(Math.log2(2 * likely + 2))
  const mask = 2 ** bits - 1
  const keys = new Uint32Array(mask + 1)
  const counts = new Uint32Array(mask + 1)
  const add = (key: number): void => {
    let slot = placeOf(key, 32 - bits)
    while (counts[slot]! > 0 && keys[slot] !== key) slot = (slot + 1) & mask
    keys[slot] = key
    counts[slot]!++
  }
  yield* within(keysOf(add), 0.6, 1)
  const isFound = (_: number, slot: number): boolean => counts[slot]! >= least
  return { points: keys.filter(isFound), counts: counts.filter((count) => count >= least) }
}

/** Fibonacci hashing: the product's high bits. */
const placeOf = (key: number, shift: number): number => Math.imul(key, 0x9e3779b1) >>> shift

/** Is true for all points with enough incidents, and for a few that share a hash. */
function* likelyPoints(rows: FilteredRows, least: number): InParts<(key: number) => boolean> {
  // two incidents a place on average
  const shift = 32 - Math.max(8, Math.ceil(Math.log2(rows.count / 2 + 1)))
  const seen = new Uint8Array(2 ** (32 - shift))
  yield* eachPassingInParts(rows, ({ x, y }) => (row) => {
    const place = placeOf(pointKey(x[row]!, y[row]!), shift)
    if (seen[place]! < least) seen[place]!++
  })
  return (key) => seen[placeOf(key, shift)]! >= least
}
