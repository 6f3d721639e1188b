import { ImportFileError } from '../text-source.ts'
import type { FeatureFile, SourceFeature } from './feature-file.ts'

export const isFlatGeobuf = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x66 && bytes[1] === 0x67 && bytes[2] === 0x62

/** Big integers come as `bigint`. */
const plain = (properties: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [
      key,
      typeof value === 'bigint'
        ? Number.isSafeInteger(Number(value))
          ? Number(value)
          : String(value)
        : value,
    ]),
  )

/** @throws ImportFileError */
export async function readFlatGeobuf(bytes: Uint8Array, file: string): Promise<FeatureFile> {
  const { deserialize } = await import('flatgeobuf/lib/mjs/geojson.js')
  let crs: string | null = null
  const features: SourceFeature[] = []
  try {
    const read = deserialize(new Uint8Array(bytes), {
      headerMetaFn(header) {
        const { crs: system } = header
        if (system && system.code > 0) crs = `${system.org || 'EPSG'}:${system.code}`
        else if (system?.wkt) crs = system.wkt
      },
    })
    for await (const { properties, geometry } of read) {
      features.push({
        type: 'Feature',
        properties: plain((properties ?? {}) as Record<string, unknown>),
        geometry: geometry as SourceFeature['geometry'],
      })
    }
  } catch (error) {
    throw new ImportFileError(`${file}: not a whole FlatGeobuf: ${(error as Error).message}`)
  }
  return { features, crs, notes: [] }
}
