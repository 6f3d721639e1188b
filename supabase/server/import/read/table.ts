import type { CsvRow } from '../../../../src/domain/csv-reader.ts'

/** A table of any format: the header, and the rows below it as often as they are asked for. */
export interface RowFile {
  header: CsvRow
  rows: () => AsyncIterable<CsvRow>
  /** Coordinate system that the file names. */
  crs: string | null
  /** Things found and passed over. */
  notes: string[]
  /** By its size; null where that says little. */
  rowsAbout: number | null
}

export interface RowOptions {
  encoding?: string | undefined
  delimiter?: string | undefined
  /** Sheet or layer. */
  layer?: string | undefined
  /** Names that the header is known by. */
  columns: readonly string[]
  /** Names that points of features get. */
  lon: string
  lat: string
}
