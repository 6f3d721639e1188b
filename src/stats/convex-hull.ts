import { eachRange, finish, type InParts } from './in-parts.ts'

/**
 * Numbers of the points at the corners of the smallest convex polygon around all of them, from the
 * leftmost one on, counter-clockwise. Points on a side are no corners; of points at one place the
 * first is taken. One place gives one corner, places in a line give two. O(n log n).
 *
 * Source: A. M. Andrew, Information Processing Letters 9 (1979).
 * @throws RangeError when lengths differ or a coordinate is not finite
 */
export const convexHull = (x: ArrayLike<number>, y: ArrayLike<number>): number[] =>
  finish(convexHullInParts(x, y))

/** Sorts so many points a part. */
const sortedPerPart = 8192

/** As `convexHull`, with pauses: the corners of some points are among all corners' candidates. */
export function* convexHullInParts(x: ArrayLike<number>, y: ArrayLike<number>): InParts<number[]> {
  if (x.length !== y.length) throw new RangeError(`${x.length} x and ${y.length} y`)
  let corners: number[] = []
  const add = (from: number, to: number): void => {
    const points = corners
    for (let i = from; i < to; i++) {
      if (!Number.isFinite(x[i]! + y[i]!)) throw new RangeError(`point ${i} has no place`)
      points.push(i)
    }
    corners = cornersOf(x, y, points)
  }
  yield* eachRange(x.length, add, sortedPerPart)
  return corners
}

/** Of points in ascending order of their numbers where places are equal. */
function cornersOf(x: ArrayLike<number>, y: ArrayLike<number>, of: readonly number[]): number[] {
  const order = outermost(x, y, of).sort((a, b) => x[a]! - x[b]! || y[a]! - y[b]! || a - b)
  const points = order.filter(
    (i, n) => n === 0 || x[i] !== x[order[n - 1]!] || y[i] !== y[order[n - 1]!],
  )
  if (points.length < 3) return points
  const turn = (a: number, b: number, c: number): number =>
    (x[b]! - x[a]!) * (y[c]! - y[a]!) - (y[b]! - y[a]!) * (x[c]! - x[a]!)
  const side = (from: readonly number[]): number[] => {
    const found: number[] = []
    for (const i of from) {
      while (found.length > 1 && turn(found.at(-2)!, found.at(-1)!, i) <= 0) found.pop()
      found.push(i)
    }
    return found.slice(0, -1)
  }
  return [...side(points), ...side(points.toReversed())]
}

/** The lowest and the highest of the points above each other: no other is a corner. */
function outermost(x: ArrayLike<number>, y: ArrayLike<number>, of: readonly number[]): number[] {
  const low = new Map<number, number>()
  const high = new Map<number, number>()
  for (const i of of) {
    const [bottom, top] = [low.get(x[i]!), high.get(x[i]!)]
    if (bottom === undefined || y[i]! < y[bottom]!) low.set(x[i]!, i)
    if (top === undefined || y[i]! > y[top]!) high.set(x[i]!, i)
  }
  return [...new Set([...low.values(), ...high.values()])]
}
