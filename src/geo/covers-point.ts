import type { MultiPolygon, Polygon, Position } from 'geojson'
import type { LngLat } from '../domain/vocabulary.ts'

/** Of a ring: 1 inside, 0 on its line, -1 outside. */
type RingSide = 1 | 0 | -1

/**
 * Whether a polygon holds a place, its border included. Calculates as PostGIS does, in the same order
 * and without more exact arithmetic: beside a slanting border a rounding decides, and it must decide
 * alike on the device and on the server.
 * @see https://github.com/postgis/postgis/blob/master/postgis/lwgeom_functions_analytic.c point_in_ring
 */
export function coversPoint({ type, coordinates }: Polygon | MultiPolygon, place: LngLat): boolean {
  const polygons = type === 'Polygon' ? [coordinates] : coordinates
  return polygons.some(([outer, ...holes]) => {
    if (!outer) return false
    const side = ringSide(outer, place)
    if (side <= 0) return side === 0
    for (const hole of holes) {
      const inHole = ringSide(hole, place)
      if (inHole === 0) return true
      if (inHole === 1) return false
    }
    return true
  })
}

/** By the winding number of Sunday. */
function ringSide(ring: readonly Position[], [x, y]: LngLat): RingSide {
  let winding = 0
  for (let i = 1; i < ring.length; i++) {
    const [x1, y1] = ring[i - 1] as [number, number]
    const [x2, y2] = ring[i] as [number, number]
    const side = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
    const isBeside =
      x >= Math.min(x1, x2) &&
      x <= Math.max(x1, x2) &&
      y >= Math.min(y1, y2) &&
      y <= Math.max(y1, y2)
    if (side === 0 && isBeside) return 0
    if (y1 <= y && y < y2 && side > 0) winding++
    else if (y2 <= y && y < y1 && side < 0) winding--
  }
  return winding === 0 ? -1 : 1
}
