import type { Geometry, GeometryCollection, MultiPolygon, Polygon } from 'geojson'
import { ImportFileError } from '../text-source.ts'
import type { FeatureFile } from './feature-file.ts'

/** Polygons of one placemark are one area. */
function asOne(geometry: Geometry | null): Geometry | null {
  const parts = geometry?.type === 'GeometryCollection' ? geometry.geometries : []
  if (parts.length === 0 || parts.some(({ type }) => type !== 'Polygon')) return geometry
  const coordinates = (parts as Polygon[]).map((polygon) => polygon.coordinates)
  return { type: 'MultiPolygon', coordinates } satisfies MultiPolygon as
    | GeometryCollection
    | MultiPolygon
}

/** Placemarks of a KML, WGS 84 by its standard. Fields are `name`, `description` and its own data. */
export async function readKml(bytes: Uint8Array, file: string): Promise<FeatureFile> {
  const [{ kml }, { DOMParser }] = await Promise.all([
    import('@tmcw/togeojson'),
    import('@xmldom/xmldom'),
  ])
  const declared = /encoding="([\w-]+)"/.exec(
    new TextDecoder('latin1').decode(bytes.subarray(0, 200)),
  )
  try {
    const text = new TextDecoder(declared?.[1] ?? 'utf-8', { fatal: true }).decode(bytes)
    const parser = new DOMParser({
      onError(level, message) {
        if (level !== 'warning') throw new Error(message)
      },
    })
    const document = parser.parseFromString(text.replace(/^\uFEFF/, ''), 'text/xml')
    const { features } = kml(document as never, { skipNullGeometry: false })
    return {
      features: features.map(({ properties, geometry }) => ({
        type: 'Feature',
        properties,
        geometry: asOne(geometry),
      })),
      crs: null,
      notes: [],
    }
  } catch (error) {
    throw new ImportFileError(`${file}: not KML: ${(error as Error).message.slice(0, 200)}`)
  }
}
