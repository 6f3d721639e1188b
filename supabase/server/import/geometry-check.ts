/** The check for self-crossing is not linear. */
export const maxVertices = 10_000

export interface GeometryFault {
  reason:
    | 'no_geometry'
    | 'wrong_geometry_type'
    | 'malformed_geometry'
    | 'empty_geometry'
    | 'too_many_vertices'
    | 'outside_world'
  detail: string
}

function positionFault(position: unknown, where: string): GeometryFault | null {
  if (
    !Array.isArray(position) ||
    position.length < 2 ||
    !position.every((n) => typeof n === 'number')
  ) {
    return {
      reason: 'malformed_geometry',
      detail: `${where}: not a position: ${JSON.stringify(position)?.slice(0, 60)}`,
    }
  }
  const [lng, lat] = position as [number, number]
  if (Math.abs(lng) <= 180 && Math.abs(lat) <= 90) return null
  return {
    reason: 'outside_world',
    detail: `${where}: ${lng}, ${lat} is not longitude, latitude in degrees`,
  }
}

function ringFault(ring: unknown, where: string): GeometryFault | null {
  if (!Array.isArray(ring))
    return { reason: 'malformed_geometry', detail: `${where}: not a list of positions` }
  for (const [index, position] of ring.entries()) {
    const fault = positionFault(position, `${where}, position ${index + 1}`)
    if (fault) return fault
  }
  if (ring.length < 4) {
    return {
      reason: 'malformed_geometry',
      detail: `${where}: ${ring.length} positions, a ring needs 4`,
    }
  }
  const first = ring[0] as number[]
  const last = ring.at(-1) as number[]
  if (first[0] !== last[0] || first[1] !== last[1]) {
    return { reason: 'malformed_geometry', detail: `${where}: the ring is not closed` }
  }
  return null
}

/** Checks the structure; the database checks self-crossing. */
export function geometryFault(geometry: unknown): GeometryFault | null {
  if (geometry === null || geometry === undefined)
    return { reason: 'no_geometry', detail: 'geometry is null' }
  const { type, coordinates } = geometry as { type: unknown; coordinates: unknown }
  if (type !== 'Polygon' && type !== 'MultiPolygon') {
    return {
      reason: 'wrong_geometry_type',
      detail: `${String(type)}; an area is a Polygon or MultiPolygon`,
    }
  }
  const polygons = type === 'Polygon' ? [coordinates] : coordinates
  if (!Array.isArray(polygons) || !polygons.every((polygon) => Array.isArray(polygon))) {
    return { reason: 'malformed_geometry', detail: 'coordinates are not nested lists of rings' }
  }
  if (polygons.length === 0 || polygons.some((polygon) => polygon.length === 0)) {
    return { reason: 'empty_geometry', detail: 'a polygon without a ring' }
  }
  const rings = polygons.flatMap((polygon, p) =>
    (polygon as unknown[]).map((ring, r) => ({ ring, where: `polygon ${p + 1}, ring ${r + 1}` })),
  )
  const vertices = rings.reduce((sum, { ring }) => sum + (Array.isArray(ring) ? ring.length : 0), 0)
  if (vertices > maxVertices) {
    return { reason: 'too_many_vertices', detail: `${vertices} vertices, at most ${maxVertices}` }
  }
  for (const { ring, where } of rings) {
    const fault = ringFault(ring, where)
    if (fault) return fault
  }
  return null
}
