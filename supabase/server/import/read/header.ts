import { CsvReader } from '../../../../src/domain/csv-reader.ts'
import type { CsvRow } from '../../../../src/domain/csv-reader.ts'

/** Lines in which a header is looked for. */
const lookedAt = 40
export const delimiters = [',', ';', '\t', '|'] as const

/** As names of columns are compared. */
export const plainName = (name: string): string => name.normalize('NFKC').trim()

export const holdsAll = (fields: readonly string[], columns: readonly string[]): boolean => {
  const names = new Set(fields.map(plainName))
  return columns.every((column) => names.has(plainName(column)))
}

export interface FoundHeader {
  row: CsvRow
  delimiter: string
  /** Lines above it. */
  titles: string[]
}

/** Rows in which a header is looked for. */
export function firstRows(head: string, delimiter: string): CsvRow[] {
  const reader = new CsvReader(delimiter)
  const rows: CsvRow[] = []
  for (const row of reader.push(head)) {
    rows.push(row)
    if (rows.length === lookedAt) return rows
  }
  return [...rows, ...reader.end()]
}

/**
 * Finds the row that has the mapped columns, and what parts them. Without such a row, the first one with
 * the separator that gives most fields: its lack is then named.
 */
export function findHeader(
  head: string,
  columns: readonly string[],
  delimiter?: string,
): FoundHeader | null {
  const tried = (delimiter === undefined ? delimiters : [delimiter]).map((sign) => ({
    sign,
    rows: firstRows(head, sign),
  }))
  for (const { sign, rows } of tried) {
    const at = rows.findIndex(({ fields }) => holdsAll(fields, columns))
    const row = rows[at]
    if (!row) continue
    // those below a title have its count of fields
    const own = { ...row, fault: row.fault?.code === 'field_count' ? null : row.fault }
    return {
      row: own,
      delimiter: sign,
      titles: rows.slice(0, at).map(({ fields }) => fields.join(' ').trim()),
    }
  }
  const widest = tried.toSorted(
    (a, b) => (b.rows[0]?.fields.length ?? 0) - (a.rows[0]?.fields.length ?? 0),
  )[0]
  const row = widest?.rows[0]
  return row ? { row, delimiter: widest.sign, titles: [] } : null
}
