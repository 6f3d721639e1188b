import type { Feature, MultiPolygon, Polygon } from 'geojson'
import { jsonFaultOffset } from './json-fault.ts'
import { decodes, ImportFileError } from './text-source.ts'

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

export type AreaFeature = Feature<Polygon | MultiPolygon | null, Record<string, unknown>>

/** Both from 1. */
function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset)
  return `line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')}`
}

/** Names line, feature and property, as far as known. */
export function encodingFault(file: string, bytes: Uint8Array): string {
  const lossy = new TextDecoder('utf-8').decode(bytes)
  const offset = lossy.indexOf('\uFFFD')
  const before = lossy.slice(0, offset)
  const feature = before.match(/"type"\s*:\s*"Feature"/g)?.length
  const field = /"((?:[^"\\]|\\.)*)"\s*:\s*"[^"]*$/.exec(before)?.[1]
  const where = [
    `${file}, ${lineAndColumn(lossy, offset)}`,
    ...(feature ? [`feature ${feature}`] : []),
    ...(field === undefined ? [] : [`field ${field}`]),
  ].join(', ')
  const advice = decodes(bytes, 'gb18030')
    ? ' It looks like GBK: write it as UTF-8 first (iconv -f GB18030 -t UTF-8).'
    : ''
  return `${where}: GeoJSON is UTF-8, this is not.${advice}`
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const where = lineAndColumn(text, jsonFaultOffset(text))
    throw new ImportFileError(`${file}, ${where}: not GeoJSON: ${(error as Error).message}`)
  }
}

/**
 * Does not check geometry.
 * @throws ImportFileError unless the text is GeoJSON features in WGS 84.
 */
export function parseFeatures(text: string, file: string): AreaFeature[] {
  const json = parseJson(text.replace(/^\uFEFF/, ''), file) as Record<string, unknown> | null
  const type = json?.type
  if (type === 'Feature') return [json as unknown as AreaFeature]
  if (type !== 'FeatureCollection' || !Array.isArray(json?.features)) {
    throw new ImportFileError(
      `${file}: a FeatureCollection is needed, this is ${JSON.stringify(type) ?? 'something else'}`,
    )
  }
  const crs = JSON.stringify(json.crs ?? null)
  if (crs !== 'null' && !/CRS84|EPSG:+4326"/.test(crs)) {
    throw new ImportFileError(
      `${file}: coordinates must be WGS 84 longitude and latitude, the file says ${crs.slice(0, 120)}`,
    )
  }
  json.features.forEach((feature: unknown, index: number) => {
    if ((feature as Record<string, unknown> | null)?.type !== 'Feature') {
      throw new ImportFileError(`${file}, feature ${index + 1}: not a GeoJSON Feature`)
    }
  })
  return json.features as AreaFeature[]
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
