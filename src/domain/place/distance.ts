import type { LngLat } from '../vocabulary.ts'

/** Mean radius (IUGG). */
const earthRadiusMeters = 6_371_008.8
const radians = Math.PI / 180

/** Haversine; within 0.5 % of the ellipsoid's. */
export function distanceMeters([lngA, latA]: LngLat, [lngB, latB]: LngLat): number {
  const sinLat = Math.sin(((latB - latA) * radians) / 2)
  const sinLng = Math.sin(((lngB - lngA) * radians) / 2)
  const h = sinLat * sinLat + Math.cos(latA * radians) * Math.cos(latB * radians) * sinLng * sinLng
  return 2 * earthRadiusMeters * Math.asin(Math.min(1, Math.sqrt(h)))
}

/** For a few kilometres at most. */
export function moveByMeters([lng, lat]: LngLat, eastMeters: number, northMeters: number): LngLat {
  const latitude = Math.max(-90, Math.min(90, lat + northMeters / earthRadiusMeters / radians))
  // At the pole every direction is south.
  const shrink = Math.max(1e-9, Math.cos(lat * radians))
  return [lng + eastMeters / (earthRadiusMeters * shrink) / radians, latitude]
}
