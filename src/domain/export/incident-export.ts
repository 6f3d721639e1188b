import { csvFromTable } from '../csv.ts'
import { wallClock } from '../time/calendar.ts'
import { maxSheetRows, xlsxFile, type SheetCell } from './xlsx.ts'

export const exportFormats = ['xlsx', 'csv', 'geojson'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** Columns of the files, in their order; names of the properties of a GeoJSON file. */
export const exportColumns = [
  'number',
  'category',
  'stage',
  'onHold',
  'severity',
  'within',
  'area',
  'areaCode',
  'department',
  'description',
  'address',
  'reportedAt',
  'closedAt',
  'hours',
  'channel',
  'lon',
  'lat',
  'generated',
  'id',
] as const
export type ExportColumn = (typeof exportColumns)[number]

/** Words in the person's language; instants as the server wrote them. */
export interface ExportRow extends Record<
  Exclude<ExportColumn, 'severity' | 'hours' | 'lon' | 'lat' | 'closedAt'>,
  string
> {
  severity: number
  closedAt: string | null
  /** From report to closing; null while open. */
  hours: number | null
  /** Degrees, WGS 84. */
  lon: number
  lat: number
}

export interface ExportFacts {
  timeZone: string
  columnWord: (column: ExportColumn) => string
  /** Names of the two sheets. */
  sheets: { about: string; rows: string }
  /** Lines of the first sheet: what, value. */
  about: readonly (readonly [string, string])[]
  /** The filter as in the address, for programs. */
  parameters: Record<string, unknown>
}

/** Without the header of the sheet. */
export const maxExportedRows: Record<ExportFormat, number> = {
  xlsx: maxSheetRows - 1,
  csv: Number.POSITIVE_INFINITY,
  geojson: Number.POSITIVE_INFINITY,
}

const isInstant = (column: ExportColumn): column is 'reportedAt' | 'closedAt' =>
  column === 'reportedAt' || column === 'closedAt'
const widths: Partial<Record<ExportColumn, number>> = {
  number: 13,
  category: 24,
  area: 22,
  description: 48,
  address: 32,
  reportedAt: 17,
  closedAt: 17,
  id: 38,
}

/** The file of all rows. Times are wall clocks of the city, in GeoJSON instants. */
export function exportFile(
  format: ExportFormat,
  rows: readonly ExportRow[],
  facts: ExportFacts,
): Blob {
  if (format === 'geojson') return geoJson(rows, facts)
  const header = exportColumns.map(facts.columnWord)
  const clock = wallClock(facts.timeZone)
  if (format === 'csv') {
    const local = (at: string): string =>
      new Date(clock(at) * 60_000).toISOString().slice(0, 16).replace('T', ' ')
    const text = csvFromTable(
      header,
      rows.map((row) =>
        exportColumns.map((column) => {
          const value = row[column]
          return value !== null && isInstant(column) ? local(value as string) : value
        }),
      ),
    )
    return new Blob([text], { type: 'text/csv;charset=utf-8' })
  }
  function* cells(): Generator<SheetCell[]> {
    for (const row of rows)
      yield exportColumns.map((column) => {
        const value = row[column]
        return value !== null && isInstant(column) ? { wall: clock(value as string) } : value
      })
  }
  return xlsxFile([
    { name: facts.sheets.about, widths: [24, 80], rows: facts.about },
    {
      name: facts.sheets.rows,
      header,
      widths: exportColumns.map((column) => widths[column] ?? 12),
      rows: cells(),
    },
  ])
}

function geoJson(rows: readonly ExportRow[], { parameters }: ExportFacts): Blob {
  const lines = rows.map(({ lon, lat, ...properties }, index) => {
    const feature = {
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [lon, lat] },
      properties,
    }
    return `${index > 0 ? ',' : ''}\n${JSON.stringify(feature)}`
  })
  return new Blob(
    [
      `{"type":"FeatureCollection","wangge":${JSON.stringify(parameters)},"features":[`,
      ...lines,
      '\n]}\n',
    ],
    { type: 'application/geo+json' },
  )
}
