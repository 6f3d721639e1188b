import type { Geometry } from 'geojson'
import { ImportFileError } from '../text-source.ts'
import { LayerNeeded } from './feature-file.ts'
import type { FeatureFile, ReadOptions, SourceFeature } from './feature-file.ts'
import { geometryFromWkb } from './well-known-binary.ts'

export const isSqlite = (bytes: Uint8Array): boolean =>
  new TextDecoder('latin1').decode(bytes.subarray(0, 15)) === 'SQLite format 3'

/** Bytes of the envelope by its indicator (GeoPackage 1.3, clause 2.1.3). */
const envelopeBytes = [0, 32, 48, 48, 64]

function geometryOf(value: unknown): Geometry | null {
  if (!(value instanceof Uint8Array) || value.length < 8) return null
  const flags = value[3] ?? 0
  const isEmpty = (flags & 0x10) !== 0
  return isEmpty
    ? null
    : geometryFromWkb(value.subarray(8 + (envelopeBytes[(flags >> 1) & 7] ?? 0)))
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Big integers are read as text, so that codes keep their digits. */
const plainValue = (value: unknown): unknown =>
  typeof value === 'bigint'
    ? Number.isSafeInteger(Number(value))
      ? Number(value)
      : String(value)
    : value

/** One layer of a GeoPackage. Node 22.5 and later read it. @throws ImportFileError */
export async function readGeoPackage(path: string, { layer }: ReadOptions): Promise<FeatureFile> {
  const sqlite = await import('node:sqlite').catch(() => {
    throw new ImportFileError(`${path}: a GeoPackage needs Node 22.5 or later; write it as GeoJSON`)
  })
  const db = new sqlite.DatabaseSync(path, { readOnly: true })
  try {
    const rowsOf = (sql: string, ...values: string[]): Record<string, unknown>[] => {
      const statement = db.prepare(sql)
      statement.setReadBigInts(true)
      return statement.all(...values) as Record<string, unknown>[]
    }
    const isPackage = rowsOf(
      `select 1 as one from sqlite_master where name = 'gpkg_geometry_columns'`,
    )
    if (isPackage.length === 0)
      throw new ImportFileError(`${path}: a database without map layers, no GeoPackage`)
    const layers = rowsOf(
      `select g.table_name as name, g.column_name as shape, s.organization as org,
         s.organization_coordsys_id as code, s.definition as wkt
       from gpkg_geometry_columns g left join gpkg_spatial_ref_sys s on s.srs_id = g.srs_id`,
    )
    const wanted = layers.filter(({ name }) => layer === undefined || name === layer)
    const [found] = wanted
    if (!found || wanted.length > 1) {
      throw new LayerNeeded(
        path,
        layers.map(({ name }) => String(name)),
      )
    }
    const shape = String(found.shape)
    const features = rowsOf(`select * from ${quoted(String(found.name))}`).map(
      (row, index): SourceFeature => {
        const { [shape]: blob, ...properties } = row
        const values = Object.entries(properties).map(([key, value]) => [key, plainValue(value)])
        try {
          const geometry = geometryOf(blob)
          return { type: 'Feature', properties: Object.fromEntries(values), geometry }
        } catch (error) {
          const why = (error as Error).message
          throw new ImportFileError(`${path}, feature ${index + 1}: not a geometry (${why})`)
        }
      },
    )
    const isEpsg = String(found.org).toUpperCase() === 'EPSG'
    const isUndefined = Number(found.code) <= 0
    const named = isEpsg ? `EPSG:${found.code}` : String(found.wkt ?? '')
    return {
      ...{ features, crs: isUndefined || named === '' ? null : named, notes: [] },
      ...{ layer: String(found.name), layers: layers.map(({ name }) => String(name)) },
    }
  } catch (error) {
    if (error instanceof ImportFileError) throw error
    throw new ImportFileError(`${path}: not a GeoPackage: ${(error as Error).message}`)
  } finally {
    db.close()
  }
}
