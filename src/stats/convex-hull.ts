import { assertPoints } from './point-grid.ts'

/**
 * Numbers of the points at the corners of the smallest convex polygon around all of them, from the
 * leftmost one on, counter-clockwise. Points on a side are no corners; of points at one place the
 * first is taken. One place gives one corner, places in a line give two. O(n log n).
 *
 * Source: A. M. Andrew, Information Processing Letters 9 (1979).
 * @throws RangeError when lengths differ or a coordinate is not finite
 */
export function convexHull(x: ArrayLike<number>, y: ArrayLike<number>): number[] {
  assertPoints(x, y)
  const order = outermost(x, y).sort((a, b) => x[a]! - x[b]! || y[a]! - y[b]! || a - b)
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
function outermost(x: ArrayLike<number>, y: ArrayLike<number>): number[] {
  const low = new Map<number, number>()
  const high = new Map<number, number>()
  for (let i = 0; i < x.length; i++) {
    const [bottom, top] = [low.get(x[i]!), high.get(x[i]!)]
    if (bottom === undefined || y[i]! < y[bottom]!) low.set(x[i]!, i)
    if (top === undefined || y[i]! > y[top]!) high.set(x[i]!, i)
  }
  return [...new Set([...low.values(), ...high.values()])]
}
