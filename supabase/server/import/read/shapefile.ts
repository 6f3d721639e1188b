import type { Geometry } from 'geojson'
import { ImportFileError } from '../text-source.ts'
import { encodingOfCpg, readDbf } from './dbf.ts'
import { LayerNeeded } from './feature-file.ts'
import type { FeatureFile, ReadOptions } from './feature-file.ts'

const ending = (name: string): string => name.slice(name.lastIndexOf('.')).toLowerCase()
const stem = (name: string): string => name.slice(0, name.lastIndexOf('.'))

/** The first four bytes of a .shp. */
export const isBareShapefile = (bytes: Uint8Array): boolean =>
  bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0x27 && bytes[3] === 0x0a

/** @throws ImportFileError: shapes alone have no codes and names. */
export function refuseBareShapefile(_: Uint8Array, file: string): never {
  throw new ImportFileError(
    `${file}: a Shapefile is several files; put .shp, .shx, .dbf, .prj and .cpg into one .zip`,
  )
}

/**
 * Reads one layer of a zipped Shapefile. Texts are in the encoding of --encoding, the `.cpg`, the
 * bytes or the `.dbf`, in this order.
 */
export async function readShapefile(
  files: ReadonlyMap<string, Uint8Array>,
  file: string,
  { layer, encoding }: ReadOptions,
): Promise<FeatureFile> {
  const layers = [...files.keys()].filter((name) => ending(name) === '.shp')
  const short = (name: string): string => stem(name).slice(name.lastIndexOf('/') + 1)
  const wanted = layers.filter((name) => layer === undefined || short(name) === layer)
  const [shp] = wanted
  if (shp === undefined || wanted.length > 1) {
    throw new LayerNeeded(file, layers.map(short))
  }
  const part = (kind: string): Uint8Array | undefined =>
    files.get(
      [...files.keys()].find((name) => stem(name) === stem(shp) && ending(name) === kind) ?? '',
    )
  const [shapes, table, projection, page] = [part('.shp'), part('.dbf'), part('.prj'), part('.cpg')]
  if (!shapes || !table)
    throw new ImportFileError(`${file}: ${short(shp)}.dbf is missing: codes and names stand in it`)
  const { parseShp } = await import('shpjs')
  let geometries: (Geometry | null)[]
  try {
    geometries = parseShp(shapes) as (Geometry | null)[]
  } catch (error) {
    throw new ImportFileError(`${file}: ${shp} cannot be read: ${(error as Error).message}`)
  }
  const cpg = page ? encodingOfCpg(new TextDecoder('latin1').decode(page)) : null
  const { rows, encoding: used } = readDbf(table, file, encoding ?? cpg)
  if (rows.length !== geometries.length)
    throw new ImportFileError(`${file}: ${geometries.length} shapes and ${rows.length} rows`)
  return {
    features: geometries.map((geometry, index) => ({
      type: 'Feature',
      properties: rows[index] ?? null,
      geometry,
    })),
    crs: projection ? new TextDecoder().decode(projection).trim() : null,
    ...{ encoding: used, layer: short(shp), layers: layers.map(short) },
    notes: encoding || cpg ? [] : [`the .dbf was read as ${used}: the file does not say`],
  }
}
