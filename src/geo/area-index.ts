import type { Feature, MultiPolygon, Polygon, Position } from 'geojson'
import { areaLevels, type AreaLevel, type LngLat } from '../domain/vocabulary.ts'

/** An area's polygon as `area_features` gives it; only what is needed to find a place in it. */
export type AreaShape = Feature<
  Polygon | MultiPolygon,
  { code: string; path: string; level: AreaLevel; name: string }
>

export interface AreaIndex {
  /** Deepest level first, then by code: the first that holds a place is its area. */
  shapes: readonly AreaShape[]
  /** West, south, east, north of each shape, one after the other. */
  boxes: Float64Array
}

/** Prepares areas of any levels for `findArea`. */
export function indexAreas(shapes: Iterable<AreaShape>): AreaIndex {
  const depth = ({ properties }: AreaShape): number => areaLevels.indexOf(properties.level)
  const sorted = [...shapes].sort(
    (a, b) => depth(b) - depth(a) || (a.properties.code < b.properties.code ? -1 : 1),
  )
  const boxes = new Float64Array(sorted.length * 4)
  for (const [index, shape] of sorted.entries()) boxes.set(boxOf(shape), index * 4)
  return { shapes: sorted, boxes }
}

/**
 * The area of a place by the server's own rule (`private.place_incident`): the deepest that holds
 * it, borders included, and of several on a border the lowest code. Null outside all of them.
 */
export function findArea({ shapes, boxes }: AreaIndex, [lng, lat]: LngLat): AreaShape | null {
  for (let index = 0, at = 0; index < shapes.length; index++, at += 4) {
    if (lng < boxes[at]! || lat < boxes[at + 1]! || lng > boxes[at + 2]! || lat > boxes[at + 3]!)
      continue
    if (polygonsOf(shapes[index]!).some((rings) => holds(rings, lng, lat))) return shapes[index]!
  }
  return null
}

/**
 * The area of `level` other than `code` whose border is nearest to a place, at most `withinMeters`
 * away; null when none is. Within so short a way the earth is flat.
 */
export function findNeighbour(
  { shapes, boxes }: AreaIndex,
  [lng, lat]: LngLat,
  { level, code, withinMeters }: { level: AreaLevel; code: string; withinMeters: number },
): { shape: AreaShape; distanceMeters: number } | null {
  const metersPerLat = 111_195
  const metersPerLng = metersPerLat * Math.cos((lat * Math.PI) / 180)
  const padLng = withinMeters / metersPerLng
  const padLat = withinMeters / metersPerLat
  let best: { shape: AreaShape; distanceMeters: number } | null = null
  for (const [index, shape] of shapes.entries()) {
    const { properties } = shape
    if (properties.level !== level || properties.code === code) continue
    const at = index * 4
    if (lng < boxes[at]! - padLng || lng > boxes[at + 2]! + padLng) continue
    if (lat < boxes[at + 1]! - padLat || lat > boxes[at + 3]! + padLat) continue
    for (const ring of polygonsOf(shape).flat())
      for (let i = 1; i < ring.length; i++) {
        const distanceMeters = distanceToEdge(
          (ring[i - 1]![0]! - lng) * metersPerLng,
          (ring[i - 1]![1]! - lat) * metersPerLat,
          (ring[i]![0]! - lng) * metersPerLng,
          (ring[i]![1]! - lat) * metersPerLat,
        )
        if (distanceMeters <= withinMeters && distanceMeters < (best?.distanceMeters ?? Infinity))
          best = { shape, distanceMeters }
      }
  }
  return best
}

const polygonsOf = ({ geometry }: AreaShape): Position[][][] =>
  geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates

function boxOf(shape: AreaShape): [number, number, number, number] {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const [lng, lat] of polygonsOf(shape).flat(2)) {
    west = Math.min(west, lng!)
    south = Math.min(south, lat!)
    east = Math.max(east, lng!)
    north = Math.max(north, lat!)
  }
  return [west, south, east, north]
}

/** Inside the first ring and in none of the holes; every border belongs to the polygon. */
function holds(rings: readonly Position[][], x: number, y: number): boolean {
  let isInside = false
  for (const [index, ring] of rings.entries()) {
    const side = sideOfRing(ring, x, y)
    if (side === 'border') return true
    if (index === 0) isInside = side === 'inside'
    else if (side === 'inside') isInside = false
  }
  return isInside
}

/** Counts how often a ray to the east crosses the ring. */
function sideOfRing(
  ring: readonly Position[],
  x: number,
  y: number,
): 'inside' | 'outside' | 'border' {
  let isInside = false
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay] = ring[i] as [number, number]
    const [bx, by] = ring[j] as [number, number]
    const cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
    const isBeside =
      x >= Math.min(ax, bx) &&
      x <= Math.max(ax, bx) &&
      y >= Math.min(ay, by) &&
      y <= Math.max(ay, by)
    if (cross === 0 && isBeside) return 'border'
    if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) isInside = !isInside
  }
  return isInside ? 'inside' : 'outside'
}

/** From the origin to the piece of line from a to b. */
function distanceToEdge(ax: number, ay: number, bx: number, by: number): number {
  const [dx, dy] = [bx - ax, by - ay]
  const length = dx * dx + dy * dy
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, -(ax * dx + ay * dy) / length))
  return Math.hypot(ax + along * dx, ay + along * dy)
}
