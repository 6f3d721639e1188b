import { CsvReader } from '../csv-reader.ts'
import type { SourceRow } from './fault.ts'

/** Encodings that cities' systems write. */
export const surveyEncodings = ['utf-8', 'gb18030', 'utf-16le'] as const
export type SurveyEncoding = (typeof surveyEncodings)[number]

export type CsvTable =
  | { header: string[]; rows: SourceRow[] }
  /** The first line that is no text of the encoding, or that has other columns than the header. */
  | { fault: 'encoding' | 'columns'; line: number }
  | { fault: 'empty' }

/** Reads a small CSV whole: commas, semicolons or tabs, as its header has them. */
export function csvTable(bytes: Uint8Array, encoding: SurveyEncoding): CsvTable {
  const text = decoded(bytes, encoding)
  if (text === null) return { fault: 'encoding', line: faultyLine(bytes, encoding) }
  const [head = ''] = text.split(/[\r\n]/, 1)
  const delimiter = [',', ';', '\t'].find((sign) => head.includes(sign)) ?? ','
  const reader = new CsvReader(delimiter)
  let header: string[] | null = null
  const rows: SourceRow[] = []
  for (const { line, fields, fault } of [...reader.push(text), ...reader.end()]) {
    if (!header) {
      header = fields.map((name) => name.trim())
      continue
    }
    if (fields.every((field) => field.trim() === '')) continue
    if (fault) return { fault: 'columns', line }
    const names = header
    rows.push({
      line,
      cells: Object.fromEntries(names.map((name, at) => [name, fields[at] ?? ''])),
    })
  }
  return header && rows.length > 0 ? { header, rows } : { fault: 'empty' }
}

function decoded(bytes: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

/** From 1. Line breaks are one byte in UTF-8 and GB 18030; of UTF-16 the line is not known. */
function faultyLine(bytes: Uint8Array, encoding: SurveyEncoding): number {
  if (encoding === 'utf-16le') return 1
  let [line, from] = [1, 0]
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
    if (decoded(bytes.subarray(from, at), encoding) === null) return line
    ;[line, from] = [line + 1, at + 1]
  }
  return line
}
