import { area } from '@turf/turf'
import type { MultiPolygon, Polygon } from 'geojson'

/** On a sphere of the Earth's mean radius: within 0.6 % of the ellipsoid at every latitude. */
export const squareKm = (shape: Polygon | MultiPolygon): number => area(shape) / 1e6
