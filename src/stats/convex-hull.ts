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
  const order = Array.from({ length: x.length }, (_, i) => i).sort(
    (a, b) => x[a]! - x[b]! || y[a]! - y[b]! || a - b,
  )
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
