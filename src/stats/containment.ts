import type { Polygons } from './polygons.ts'

/** An area drawn over another that has no hole for it. */
export interface Contained {
  inner: number
  outer: number
}

/**
 * For each area the smallest one of another group around its first point. An area in the hole of
 * another touches it, so both are of one group.
 * @param group a number for each area; equal for areas joined by neighbours
 * @param metres the coordinates, see `toMetres`
 */
export function containedAreas(
  polygons: Polygons,
  metres: Float64Array,
  group: Uint32Array,
): Contained[] {
  const n = group.length
  if (group.every((one) => one === group[0])) return []
  const asked: number[] = []
  for (let i = 0; i < n; i++) if (firstPoint(polygons, i) >= 0) asked.push(i)
  const boxes = new Float64Array(4 * n)
  for (let i = 0; i < n; i++) boxes.set(boxOf(polygons, metres, i), 4 * i)
  // Boxes by their left side: those that end before the point are passed over.
  const order = Array.from({ length: n }, (_, i) => i).toSorted(
    (a, b) => boxes[4 * a]! - boxes[4 * b]!,
  )
  const points = asked.toSorted((a, b) => xOf(a) - xOf(b))
  const found: Contained[] = []
  let open: number[] = []
  let next = 0
  for (const inner of points) {
    const x = xOf(inner)
    const y = metres[2 * firstPoint(polygons, inner) + 1]!
    while (next < n && boxes[4 * order[next]!]! <= x) open.push(order[next++]!)
    open = open.filter((area) => boxes[4 * area + 2]! >= x)
    let outer = -1
    let smallest = Number.POSITIVE_INFINITY
    for (const area of open) {
      if (group[area] === group[inner]) continue
      if (y < boxes[4 * area + 1]! || y > boxes[4 * area + 3]!) continue
      if (!isInside(polygons, metres, area, x, y)) continue
      const size = Math.abs(areaOf(polygons, metres, area))
      if (size < smallest) [outer, smallest] = [area, size]
    }
    if (outer >= 0) found.push({ inner, outer })
  }
  return found.toSorted((a, b) => a.inner - b.inner)

  function xOf(area: number): number {
    return metres[2 * firstPoint(polygons, area)]!
  }
}

/** −1 for an area without points. */
function firstPoint({ rings, areas }: Polygons, area: number): number {
  const start = rings[areas[area]!]!
  return start < rings[areas[area + 1]!]! ? start : -1
}

/** Min x, min y, max x, max y. */
function boxOf({ rings, areas }: Polygons, metres: Float64Array, area: number): number[] {
  const box = [Infinity, Infinity, -Infinity, -Infinity]
  for (let p = rings[areas[area]!]!; p < rings[areas[area + 1]!]!; p++) {
    box[0] = Math.min(box[0]!, metres[2 * p]!)
    box[1] = Math.min(box[1]!, metres[2 * p + 1]!)
    box[2] = Math.max(box[2]!, metres[2 * p]!)
    box[3] = Math.max(box[3]!, metres[2 * p + 1]!)
  }
  return box
}

/** By the number of edges to the right of the point. */
function isInside(
  { rings, areas }: Polygons,
  metres: Float64Array,
  area: number,
  x: number,
  y: number,
): boolean {
  let inside = false
  for (let ring = areas[area]!; ring < areas[area + 1]!; ring++) {
    for (let p = rings[ring]!, before = rings[ring + 1]! - 1; p < rings[ring + 1]!; before = p++) {
      const [ax, ay] = [metres[2 * before]!, metres[2 * before + 1]!]
      const [bx, by] = [metres[2 * p]!, metres[2 * p + 1]!]
      if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) inside = !inside
    }
  }
  return inside
}

/** Square metres within the rings, whose directions may differ: the largest ring decides. */
function areaOf({ rings, areas }: Polygons, metres: Float64Array, area: number): number {
  let largest = 0
  for (let ring = areas[area]!; ring < areas[area + 1]!; ring++) {
    let twice = 0
    for (let p = rings[ring]!, before = rings[ring + 1]! - 1; p < rings[ring + 1]!; before = p++) {
      twice += metres[2 * before]! * metres[2 * p + 1]! - metres[2 * p]! * metres[2 * before + 1]!
    }
    largest = Math.max(largest, Math.abs(twice) / 2)
  }
  return largest
}
