import { coordinateSystem } from '../place/coordinate-system.ts'
import type { CsvRow } from '../../../../src/domain/csv-reader.ts'
import type { SourceFeature } from './feature-file.ts'
import { readFeatures } from './formats.ts'
import type { RowFile, RowOptions } from './table.ts'

function pointOf({ geometry }: SourceFeature): readonly number[] {
  if (geometry?.type === 'Point') return geometry.coordinates
  if (geometry?.type === 'MultiPoint' && geometry.coordinates.length === 1)
    return geometry.coordinates[0] ?? []
  return []
}

const cellOf = (value: unknown): string => {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Points of a map format as rows: their fields, and the point in the columns that the mapping names. */
export async function featureRows(file: string, options: RowOptions): Promise<RowFile> {
  const { layer, encoding, lon, lat } = options
  const { features, crs, notes } = await readFeatures(file, { layer, encoding })
  // refused before anything else is said
  if (crs !== null) await coordinateSystem(crs)
  const names = new Set(features.flatMap(({ properties }) => Object.keys(properties ?? {})))
  const hasOwn = names.has(lon) && names.has(lat)
  const header = [...names, ...(hasOwn ? [] : [lon, lat])]
  const row = (fields: string[], line: number): CsvRow => ({
    line,
    endLine: line,
    fields,
    fault: null,
  })
  return {
    header: row(header, 1),
    crs: hasOwn ? null : crs,
    rowsAbout: null,
    notes: hasOwn
      ? [...notes, `places come from the fields ${lon} and ${lat}, not from the points`]
      : notes,
    rows: async function* () {
      for (const [index, feature] of features.entries()) {
        const [x, y] = pointOf(feature)
        const point = hasOwn ? [] : [cellOf(x), cellOf(y)]
        const cells = [...names].map((name) => cellOf(feature.properties?.[name]))
        yield row([...cells, ...point], index + 1)
      }
    },
  }
}
