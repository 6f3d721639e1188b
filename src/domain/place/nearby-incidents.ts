import { distanceMeters } from './distance.ts'
import type { LngLat } from '../vocabulary.ts'

interface OpenPlace {
  id: string
  categoryCode: string
  lon: number
  lat: number
}

export interface NearbyIncident<Incident> {
  incident: Incident
  distanceMeters: number
}

/** Open incidents that a report may duplicate, nearest first. */
export function nearbyIncidents<Incident extends OpenPlace>(
  incidents: readonly Incident[],
  {
    place,
    categoryCode,
    radiusMeters,
    most = 5,
  }: { place: LngLat; categoryCode: string; radiusMeters: number; most?: number },
): NearbyIncident<Incident>[] {
  if (radiusMeters <= 0) return []
  // Skips most incidents: a degree of latitude is 111 km.
  const degrees = radiusMeters / 110_000
  const found: NearbyIncident<Incident>[] = []
  for (const incident of incidents) {
    if (incident.categoryCode !== categoryCode) continue
    if (Math.abs(incident.lat - place[1]) > degrees) continue
    const meters = distanceMeters(place, [incident.lon, incident.lat])
    if (meters <= radiusMeters) found.push({ incident, distanceMeters: meters })
  }
  return found.sort((a, b) => a.distanceMeters - b.distanceMeters).slice(0, most)
}
