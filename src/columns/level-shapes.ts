import type { MultiPolygon, Polygon } from 'geojson'
import { polygonsFrom } from '@/stats/polygons.ts'
import type { LevelShapes } from './count/area-shapes.ts'

export interface AreaShape {
  idx: number
  geometry: Polygon | MultiPolygon
  /** 0 is not known. */
  squareKm: number
  households: number
}

/** @throws RangeError at a coordinate that is no place */
export const levelShapes = (shapes: readonly AreaShape[]): LevelShapes => ({
  areas: Uint32Array.from(shapes, ({ idx }) => idx),
  polygons: polygonsFrom(
    shapes.map(({ geometry }) =>
      geometry.type === 'Polygon' ? geometry.coordinates : geometry.coordinates.flat(),
    ),
    'degrees',
  ),
  squareKm: Float64Array.from(shapes, ({ squareKm }) => squareKm),
  households: Float64Array.from(shapes, ({ households }) => households),
})
