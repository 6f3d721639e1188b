import { stat } from 'node:fs/promises'
import { csvRows } from '../csv-file.ts'
import {
  checkText,
  encodingByMark,
  firstUnpacked,
  ImportFileError,
  isPacked,
  textChunks,
} from '../text-source.ts'
import { featureRows } from './feature-rows.ts'
import { holdsFeatures, isWorkbook } from './formats.ts'
import { findHeader } from './header.ts'
import type { RowFile, RowOptions } from './table.ts'
import { readWorkbook } from './workbook.ts'

/** Of the text in which the header is looked for. */
const headCharacters = 200_000

/** The text in which a header is looked for. Needs a file that passed `checkText`. */
export async function headOf(file: string, encoding: string): Promise<string> {
  let head = ''
  for await (const chunk of textChunks(file, encoding)) {
    head += chunk
    if (head.length >= headCharacters) break
  }
  return head
}

const delimiterNames: Readonly<Record<string, string>> = {
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'bars',
}

/** As many lines as its beginning has, for its size. A packed file does not say how long it is. */
async function rowsAbout(file: string, head: string, encoding: string): Promise<number | null> {
  if (await isPacked(file)) return null
  const { size } = await stat(file)
  const bytes = encoding.startsWith('utf-16') ? 2 * head.length : Buffer.byteLength(head)
  return (size * (head.split('\n').length - 1)) / Math.max(1, bytes)
}

async function openText(file: string, options: RowOptions): Promise<RowFile> {
  const encoding = (options.encoding ?? encodingByMark(await firstUnpacked(file))).toLowerCase()
  await checkText(file, encoding)
  const head = await headOf(file, encoding)
  const found = findHeader(head, options.columns, options.delimiter)
  if (!found) throw new ImportFileError(`${file}: the file has no header row`)
  const { delimiter, row } = found
  const notes: string[] = []
  const name = delimiterNames[delimiter]
  if (name && options.delimiter === undefined) notes.push(`the columns are parted by ${name}`)
  if (found.titles.length > 0) {
    const titles = found.titles.slice(0, 3).join(' / ').slice(0, 200)
    notes.push(`${found.titles.length} lines above the header were passed over: ${titles}`)
  }
  if (encoding.startsWith('utf-16') && !options.encoding) notes.push(`the text is ${encoding}`)
  return {
    header: row,
    crs: null,
    notes,
    rowsAbout: await rowsAbout(file, head, encoding),
    rows: async function* () {
      let isHeader = true
      for await (const next of csvRows(file, encoding, delimiter, row.line)) {
        if (!isHeader) yield next
        isHeader = false
      }
    },
  }
}

/**
 * Opens a table: CSV with any usual separator, XLSX, or points of a map format.
 * @throws ImportFileError when it cannot be read; nothing was stored.
 */
export async function openRows(file: string, options: RowOptions): Promise<RowFile> {
  if (await isWorkbook(file)) return readWorkbook(file, options)
  if (await holdsFeatures(file)) return featureRows(file, options)
  return openText(file, options)
}
