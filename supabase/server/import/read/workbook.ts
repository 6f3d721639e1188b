import type { CsvRow } from '../../../../src/domain/csv-reader.ts'
import { ImportFileError, wholeFile } from '../text-source.ts'
import { holdsAll } from './header.ts'
import type { RowFile, RowOptions } from './table.ts'

/** Rows in which a header is looked for. */
const lookedAt = 40

type Cell = string | boolean | Date | null

/** A spreadsheet's dates have no zone: they come as UTC and are written as a wall clock. */
function textOf(cell: Cell): string {
  if (cell === null) return ''
  if (!(cell instanceof Date)) return String(cell)
  const seconds = Math.round(cell.getTime() / 1000) * 1000
  const [day = '', clock = ''] = new Date(seconds).toISOString().slice(0, 19).split('T')
  return clock === '00:00:00' ? day : `${day} ${clock}`
}

/** All sheets, in their order. @throws ImportFileError */
async function readSheets(file: string): Promise<{ sheet: string; data: Cell[][] }[]> {
  const { default: readXlsx } = await import('read-excel-file/node')
  const read = readXlsx as unknown as (
    input: Buffer,
    options: { parseNumber: (text: string) => string; trim: boolean },
  ) => Promise<{ sheet: string; data: Cell[][] }[]>
  return read(Buffer.from(await wholeFile(file)), {
    parseNumber: (text) => text,
    trim: false,
  }).catch((error: unknown) => {
    throw new ImportFileError(
      `${file}: not a workbook that can be read: ${(error as Error).message}`,
    )
  })
}

/** The sheets with the rows in which a header is looked for. @throws ImportFileError */
export async function firstRowsOfSheets(
  file: string,
): Promise<{ sheet: string; rows: string[][] }[]> {
  return (await readSheets(file)).map(({ sheet, data }) => ({
    sheet,
    rows: data.slice(0, lookedAt).map((cells) => cells.map(textOf)),
  }))
}

/**
 * One sheet of an XLSX: the one of `layer`, else the first whose header has the mapped columns.
 * Numbers stay as the file writes them; dates know whether they count from 1900 or 1904.
 */
export async function readWorkbook(file: string, options: RowOptions): Promise<RowFile> {
  const sheets = await readSheets(file)
  const names = sheets.map(({ sheet }) => sheet)
  const wanted = sheets.filter(
    ({ sheet }) => options.layer === undefined || sheet === options.layer,
  )
  const headerOf = (data: Cell[][]): number =>
    data.slice(0, lookedAt).findIndex((row) => holdsAll(row.map(textOf), options.columns))
  const found = wanted.find(({ data }) => headerOf(data) >= 0) ?? wanted[0]
  if (!found) throw new ImportFileError(`${file}: no such sheet; there are ${names.join(', ')}`)
  const at = Math.max(0, headerOf(found.data))
  const header = found.data[at]
  if (!header) throw new ImportFileError(`${file}: the sheet ${found.sheet} is empty`)
  const row = (cells: Cell[], line: number): CsvRow => ({
    line,
    endLine: line,
    fields: cells.map(textOf),
    fault: null,
  })
  return {
    header: row(header, at + 1),
    crs: null,
    rowsAbout: null,
    notes: [
      ...(names.length > 1 ? [`the sheet ${found.sheet} was read, of ${names.join(', ')}`] : []),
      ...(at > 0 ? [`${at} rows above the header were passed over`] : []),
    ],
    rows: async function* () {
      for (const [index, cells] of found.data.slice(at + 1).entries()) {
        if (cells.every((cell) => cell === null || cell === '')) continue
        yield row(cells, at + 2 + index)
      }
    },
  }
}
