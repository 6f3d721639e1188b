import type { Geometry } from 'geojson'
import type { LngLat } from '../../../../src/domain/vocabulary.ts'

/** The middle of a polygon's box; null for other shapes and for an empty one. */
export function middleOf(geometry: Geometry | null): [LngLat] | null {
  if (geometry?.type !== 'Polygon' && geometry?.type !== 'MultiPolygon') return null
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const [x, y] of geometry.coordinates.flat(
    geometry.type === 'Polygon' ? 1 : 2,
  ) as number[][]) {
    if (x === undefined || y === undefined) continue
    if (x < west) west = x
    if (x > east) east = x
    if (y < south) south = y
    if (y > north) north = y
  }
  return west <= east ? [[(west + east) / 2, (south + north) / 2]] : null
}
