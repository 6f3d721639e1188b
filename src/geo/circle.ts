import { circle } from '@turf/turf'
import type { Feature, Polygon } from 'geojson'
import type { LngLat } from '../domain/vocabulary.ts'

/** A polygon of 64 corners. */
export const groundCircle = (center: LngLat, radiusMeters: number): Feature<Polygon> =>
  circle([...center], radiusMeters, { units: 'meters', steps: 64 })
