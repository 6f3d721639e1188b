import { incidentFields } from '../proposal/column-words.ts'
import { proposeIncidents } from '../proposal/propose-mapping.ts'
import {
  checkText,
  decodes,
  encodingByMark,
  firstUnpacked,
  ImportFileError,
} from '../text-source.ts'
import { holdsFeatures, isWorkbook } from './formats.ts'
import { delimiters, firstRows } from './header.ts'
import { headOf, openRows } from './row-file.ts'
import type { RowFile } from './table.ts'
import { firstRowsOfSheets } from './workbook.ts'

/** A table opened without a mapping. */
export interface UnmappedTable {
  file: RowFile
  /** Null for a map format. */
  format: 'CSV' | 'XLSX' | null
  encoding: string | null
  layer: string | null
  layers: string[]
  notes: string[]
}

/** How much a row looks like the header: fields known by their names, then filled fields. */
const headerPoints = (fields: readonly string[]): number => {
  const known = proposeIncidents(
    fields.map((name) => ({ name, values: [] })),
    null,
  )
  const filled = fields.filter((field) => field.trim() !== '').length
  return Object.keys(known).length * 1_000 + Math.min(filled, 500)
}

/** The row that has most known names; without any, the first with two fields. */
function bestHeader(rows: readonly string[][]): { fields: string[]; points: number } {
  let best = { fields: rows.find((row) => row.length > 1) ?? rows[0] ?? [], points: 0 }
  for (const fields of rows) {
    const points = headerPoints(fields)
    if (points >= 1_000 && points > best.points) best = { fields, points }
  }
  return best.points > 0 ? best : { ...best, points: best.fields.length }
}

/** @returns the encoding, and whether it was found by the bytes alone. @throws ImportFileError */
async function encodingOf(file: string): Promise<{ encoding: string; isFound: boolean }> {
  const head = await firstUnpacked(file)
  const marked = encodingByMark(head)
  if (marked !== 'utf-8' || decodes(head, 'utf-8')) {
    try {
      await checkText(file, marked)
      return { encoding: marked, isFound: false }
    } catch (error) {
      if (marked !== 'utf-8' || !(error instanceof ImportFileError)) throw error
    }
  }
  await checkText(file, 'gb18030')
  return { encoding: 'gb18030', isFound: true }
}

const namesOf = (fields: readonly string[]): string[] =>
  fields.filter((field) => field.trim() !== '').slice(0, incidentFields.length * 20)

/**
 * Opens a table whose columns nobody has named yet: finds encoding, delimiter, sheet and header.
 * @throws ImportFileError when it cannot be read.
 */
export async function openUnmapped(
  file: string,
  { encoding, layer }: { encoding?: string; layer?: string },
): Promise<UnmappedTable> {
  const asked = { lon: 'lon', lat: 'lat', ...(layer ? { layer } : {}) }
  if (await isWorkbook(file)) {
    const sheets = await firstRowsOfSheets(file)
    const layers = sheets.map(({ sheet }) => sheet)
    const [best] = sheets
      .filter(({ sheet }) => layer === undefined || sheet === layer)
      .map(({ sheet, rows }) => ({ sheet, ...bestHeader(rows) }))
      .toSorted((a, b) => b.points - a.points)
    if (!best) throw new ImportFileError(`${file}: no such sheet; there are ${layers.join(', ')}`)
    const columns = namesOf(best.fields)
    const opened = await openRows(file, { ...asked, layer: best.sheet, columns })
    return { file: opened, format: 'XLSX', encoding: null, layer: best.sheet, layers, notes: [] }
  }
  if (await holdsFeatures(file)) {
    const opened = await openRows(file, { ...asked, encoding, columns: [] })
    const layers = layer ? [layer] : []
    const own = { encoding: encoding ?? null, layer: layer ?? null, layers, notes: [] }
    return { file: opened, format: null, ...own }
  }
  const found = encoding ? { encoding, isFound: false } : await encodingOf(file)
  if (encoding) await checkText(file, encoding)
  const head = await headOf(file, found.encoding)
  const [best] = delimiters
    .map((delimiter) => {
      const rows = firstRows(head, delimiter).map(({ fields }) => fields)
      return { delimiter, ...bestHeader(rows) }
    })
    .toSorted((a, b) => b.points - a.points)
  const columns = namesOf(best?.fields ?? [])
  const opened = await openRows(file, {
    ...asked,
    encoding: found.encoding,
    delimiter: best?.delimiter,
    columns,
  })
  const notes = found.isFound ? ['the text is GBK (gb18030)'] : []
  return { file: opened, format: 'CSV', encoding: found.encoding, layer: null, layers: [], notes }
}
