import { CsvReader } from '../../../src/domain/csv-reader.ts'
import type { CsvRow } from '../../../src/domain/csv-reader.ts'
import type { ReportItem } from './report.ts'
import { checkText, ImportFileError, textChunks } from './text-source.ts'

/** The rows of a CSV, plain or `.gz`. Needs a file that passed `checkText`. */
export async function* csvRows(
  file: string,
  encoding: string,
  delimiter?: string,
  headerLine?: number,
): AsyncGenerator<CsvRow> {
  const reader = new CsvReader(delimiter, headerLine)
  for await (const chunk of textChunks(file, encoding)) yield* reader.push(chunk)
  yield* reader.end()
}

/** A column that a table may have. */
export interface TableColumn<Key extends string> {
  key: Key
  /** Names in the header, English first. */
  names: readonly [en: string, zh: string]
  isNeeded?: boolean
}

export interface TableRow<Key extends string> {
  line: number
  /** Trimmed cells. A column that the file lacks has none. */
  cells: Partial<Record<Key, string>>
}

export interface Table<Key extends string> {
  rows: TableRow<Key>[]
  /** Rows in the file, faulty ones too. */
  read: number
  faults: ReportItem[]
  /** The column's name in this file. */
  nameOf(key: Key): string
}

const maxRows = 20_000

const plain = (text: string): string =>
  text
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .replaceAll(/[_\-\s]+/g, ' ')

/** Takes off the apostrophe that `csvFromTable` puts before what a spreadsheet would run. */
const armed = (cell: string): string =>
  /^'[=+\-@\t\r\n＝＋－＠]/.test(cell) ? cell.slice(1) : cell

/** Which column each place of the header is. */
function keysOf<Key extends string>(
  header: CsvRow,
  columns: readonly TableColumn<Key>[],
  file: string,
): Key[] {
  const where = `${file}, line ${header.line}`
  if (header.fault)
    throw new ImportFileError(
      `${where}: the header is broken · 表头有误: ${header.fault.code} (${header.fault.detail})`,
    )
  const keys = header.fields.map((name) => {
    const column = columns.find(({ names }) => names.some((own) => own === plain(name)))
    if (column) return column.key
    const known = columns.map(({ names }) => names.join(' / ')).join(', ')
    throw new ImportFileError(
      `${where}: the column "${name.slice(0, 60)}" is unknown · 表头中有不认识的列. Known · 可用: ${known}`,
    )
  })
  const twice = keys.find((key, index) => keys.indexOf(key) !== index)
  if (twice) throw new ImportFileError(`${where}: the column "${twice}" stands twice · 列重复`)
  const missing = columns.filter(({ key, isNeeded }) => isNeeded && !keys.includes(key))
  if (missing.length > 0) {
    const list = missing.map(({ names }) => names.join(' / ')).join(', ')
    throw new ImportFileError(`${where}: columns are missing · 缺少列: ${list}`)
  }
  return keys
}

/**
 * Reads a small table whole. The delimiter is a comma, or a semicolon or tab that the header has.
 * @throws ImportFileError when the file or its header is unusable.
 */
export async function readTable<Key extends string>(
  file: string,
  encoding: string,
  columns: readonly TableColumn<Key>[],
): Promise<Table<Key>> {
  await checkText(file, encoding)
  let keys: Key[] | null = null
  let header: string[] = []
  const rows: TableRow<Key>[] = []
  const faults: ReportItem[] = []
  let read = 0
  for await (const row of csvRows(file, encoding, await delimiterOf(file, encoding))) {
    if (!keys) {
      keys = keysOf(row, columns, file)
      header = row.fields
      continue
    }
    // spreadsheets write rows that were emptied
    if (row.fields.every((field) => field.trim() === '')) continue
    read += 1
    if (read > maxRows) throw new ImportFileError(`${file}: more than ${maxRows} rows`)
    if (row.fault) {
      const { code, detail } = row.fault
      faults.push({ at: row.line, id: null, field: null, reason: code, detail })
      continue
    }
    const cells = Object.fromEntries(
      keys.map((key, index) => [key, armed((row.fields[index] ?? '').trim())]),
    ) as Partial<Record<Key, string>>
    const bad = keys.findIndex((key) => /[\u0000\uFFFD]/.test(cells[key] ?? ''))
    if (bad >= 0) {
      const field = header[bad] ?? null
      faults.push({ at: row.line, id: null, field, reason: 'bad_character', detail: null })
      continue
    }
    rows.push({ line: row.line, cells })
  }
  if (!keys) throw new ImportFileError(`${file}: the file has no header row · 没有表头`)
  // retiring all that an empty file lacks would end the whole standard
  if (read === 0) throw new ImportFileError(`${file}: a header and no rows · 只有表头，没有内容`)
  const found = keys
  const nameOf = (key: Key): string => header[found.indexOf(key)]?.trim() ?? key
  return { rows, read, faults, nameOf }
}

/** Excel writes semicolons where the comma is the decimal sign. */
async function delimiterOf(file: string, encoding: string): Promise<string> {
  let head = ''
  for await (const chunk of textChunks(file, encoding)) {
    head += chunk
    if (/[\r\n]/.test(head)) break
  }
  const [line = ''] = head.split(/[\r\n]/)
  return [',', ';', '\t'].find((sign) => line.includes(sign)) ?? ','
}
