export type CsvFault = 'truncated_row' | 'field_count' | 'field_too_long' | 'bad_quoting'

export interface CsvRow {
  /** In the file, from 1. */
  line: number
  /** A quoted field may hold line breaks. */
  endLine: number
  fields: string[]
  fault: { code: CsvFault; detail: string } | null
}

/** Characters kept of a field; more are only counted. */
export const maxFieldCharacters = 20_000
const maxFields = 1_000

/** Columns up to the last that has a name: a header that ends in a comma asks for no more. */
const namedColumns = (header: readonly string[]): number =>
  1 + header.findLastIndex((name) => name.trim() !== '')

/**
 * Reads RFC 4180 rows from text chunks, the header first. Unlike library parsers it gives line
 * numbers and bounds memory: an unclosed quote does not keep the rest of the file.
 *
 * Skips blank lines and those above the header. A faulty row has the fields read so far. Empty last
 * fields beyond the header are dropped.
 */
export class CsvReader {
  readonly #delimiter: string
  readonly #headerLine: number
  #line = 1
  #rowLine = 1
  #field = ''
  #fieldLength = 0
  #fields: string[] = []
  #state: 'start' | 'plain' | 'quoted' | 'quoteSeen' = 'start'
  #fault: CsvRow['fault'] = null
  #columns: number | null = null
  /** Columns that have a name. */
  #needed = 0
  #sawReturn = false
  #empty = true

  /** @param headerLine where the header stands; rows above it are passed over. */
  constructor(delimiter = ',', headerLine = 1) {
    this.#delimiter = delimiter
    this.#headerLine = headerLine
  }

  *push(chunk: string): Generator<CsvRow> {
    for (let i = 0; i < chunk.length; i++) {
      const character = chunk[i] as string
      if (this.#sawReturn) {
        this.#sawReturn = false
        if (character === '\n') continue
      }
      if (this.#state === 'quoted') {
        i = this.#takeQuoted(chunk, i)
      } else if (character === '\n' || character === '\r') {
        this.#sawReturn = character === '\r'
        const row = this.#endRow(false)
        this.#line += 1
        this.#rowLine = this.#line
        if (row) yield row
      } else if (character === this.#delimiter) {
        this.#endField()
      } else if (character === '"' && this.#state === 'start') {
        this.#state = 'quoted'
        this.#empty = false
      } else if (character === '"' && this.#state === 'quoteSeen') {
        this.#state = 'quoted'
        this.#append('"')
      } else {
        if (this.#state === 'quoteSeen') this.#setFault('bad_quoting', 'text after a closing quote')
        i = this.#takePlain(chunk, i)
      }
    }
  }

  /** Yields a last row without a line break. */
  *end(): Generator<CsvRow> {
    if (this.#state === 'quoted') {
      const lines = this.#line - this.#rowLine + 1
      this.#setFault(
        'truncated_row',
        `a quote opened here is never closed (${lines} lines until the end)`,
      )
    }
    const row = this.#endRow(true)
    if (row) yield row
  }

  /** Returns the index of the last character taken. */
  #takeQuoted(chunk: string, from: number): number {
    let i = from
    while (i < chunk.length && chunk[i] !== '"') {
      if (chunk[i] === '\n') this.#line += 1
      i += 1
    }
    this.#append(chunk.slice(from, i))
    if (i < chunk.length) this.#state = 'quoteSeen'
    return i
  }

  #takePlain(chunk: string, from: number): number {
    let i = from + 1
    while (i < chunk.length) {
      const character = chunk[i]
      if (character === this.#delimiter || character === '\n' || character === '\r') break
      i += 1
    }
    this.#append(chunk.slice(from, i))
    this.#state = 'plain'
    return i - 1
  }

  #append(text: string): void {
    this.#empty = false
    this.#fieldLength += text.length
    if (this.#field.length + text.length <= maxFieldCharacters) this.#field += text
  }

  #endField(): void {
    this.#empty = false
    if (this.#fieldLength > maxFieldCharacters) {
      const detail = `field ${this.#fields.length + 1} has ${this.#fieldLength} characters`
      this.#setFault('field_too_long', detail)
    }
    if (this.#fields.length < maxFields) this.#fields.push(this.#field)
    else this.#setFault('field_count', `more than ${maxFields} fields`)
    this.#field = ''
    this.#fieldLength = 0
    this.#state = 'start'
  }

  #endRow(atEnd: boolean): CsvRow | null {
    if (this.#empty) return null
    this.#endField()
    const isAbove = this.#rowLine < this.#headerLine
    if (!isAbove) this.#judgeCount(atEnd)
    const fields = this.#fields
    const row = { line: this.#rowLine, endLine: this.#line, fields, fault: this.#fault }
    this.#fields = []
    this.#fault = null
    this.#empty = true
    this.#state = 'start'
    return isAbove ? null : row
  }

  #judgeCount(atEnd: boolean): void {
    const fields = this.#fields
    if (this.#columns === null) {
      this.#columns = fields.length
      this.#needed = namedColumns(fields)
      return
    }
    if (fields.slice(this.#columns).every((field) => field.trim() === ''))
      fields.length = Math.min(fields.length, this.#columns)
    const count = fields.length
    if (count < this.#needed && atEnd) {
      this.#setFault('truncated_row', `the file ends after ${count} of ${this.#columns} fields`)
    } else if (count < this.#needed || count > this.#columns) {
      this.#setFault('field_count', `${count} fields instead of ${this.#columns}`)
    }
  }

  /** Later faults mostly follow from the first. */
  #setFault(code: CsvFault, detail: string): void {
    this.#fault ??= { code, detail }
  }
}
