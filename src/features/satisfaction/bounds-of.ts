import type { MultiPolygon, Polygon } from 'geojson'

type Bounds = [west: number, south: number, east: number, north: number]

/** Around all outer rings; null without any. */
export function boundsOf(geometries: readonly (Polygon | MultiPolygon)[]): Bounds | null {
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity]
  for (const geometry of geometries) {
    const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
    for (const [ring = []] of polygons)
      for (const [lng = 0, lat = 0] of ring) {
        box[0] = Math.min(box[0], lng)
        box[1] = Math.min(box[1], lat)
        box[2] = Math.max(box[2], lng)
        box[3] = Math.max(box[3], lat)
      }
  }
  return box[0] <= box[2] ? box : null
}
