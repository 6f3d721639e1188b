import type { Table, TableRow } from './csv-file.ts'
import type { ReportItem } from './report.ts'

interface Named {
  code: string
  nameZh: string
  nameEn: string
}

/** Finds a code by itself or by a name in either language. */
export class CodeIndex {
  readonly #codes = new Set<string>()
  readonly #byName = new Map<string, Set<string>>()

  constructor(list: readonly Named[]) {
    for (const { code, nameZh, nameEn } of list) {
      this.#codes.add(code)
      for (const name of [nameZh, nameEn].map(plainName)) {
        this.#byName.set(name, (this.#byName.get(name) ?? new Set()).add(code))
      }
    }
  }

  /** @returns the codes that are meant: none when unknown, several when a name is not unique. */
  find(text: string): string[] {
    return this.#codes.has(text) ? [text] : [...(this.#byName.get(plainName(text)) ?? [])]
  }
}

const plainName = (name: string): string => name.normalize('NFKC').trim().toLowerCase()

/** Reads the cells of one row and collects their faults. */
export class CellReader<Key extends string> {
  readonly faults: ReportItem[] = []
  readonly #row: TableRow<Key>
  readonly #table: Table<Key>
  readonly #id: string | null

  constructor(row: TableRow<Key>, table: Table<Key>, id: string | undefined) {
    this.#row = row
    this.#table = table
    this.#id = id || null
  }

  blame(key: Key, reason: string, detail: string | null = null): void {
    const field = this.#table.nameOf(key)
    this.faults.push({ at: this.#row.line, id: this.#id, field, reason, detail })
  }

  /** Undefined where the file has no such column. */
  cell(key: Key): string | undefined {
    return this.#row.cells[key]
  }

  /** `without` is for a file that has no such column. */
  text(key: Key, max: number, without: string): string {
    const text = this.cell(key) ?? without
    if (text.length > max)
      this.blame(key, 'field_too_long', `${text.length} characters instead of at most ${max}`)
    return text
  }

  /** Both languages; an empty one takes the other's. */
  names(zh: Key, en: Key, max: number, missing: string, without: readonly [string, string]) {
    const nameZh = this.text(zh, max, without[0])
    const nameEn = this.text(en, max, without[1])
    if (nameZh === '' && nameEn === '') this.blame(zh, missing)
    return [nameZh || nameEn, nameEn || nameZh] as const
  }

  flag(key: Key, without: boolean): boolean {
    const text = this.cell(key)
    if (text === undefined) return without
    if (/^(yes|y|true|1|是|√|✓)$/i.test(text)) return true
    if (!/^(no|n|false|0|否|)$/i.test(text)) this.blame(key, 'bad_flag', text.slice(0, 60))
    return false
  }

  whole(key: Key, without: number): number {
    const text = this.cell(key)
    if (text === undefined || text === '') return without
    if (!/^-?\d{1,6}$/.test(text)) this.blame(key, 'bad_number', text.slice(0, 60))
    return Number(text)
  }

  /** A code or a name of the index; null for an empty cell. */
  code(key: Key, index: CodeIndex, unknown: string): string | null {
    const text = this.cell(key) ?? ''
    if (text === '') return null
    const found = index.find(text)
    if (found.length > 1) this.blame(key, 'ambiguous_name', `${text}: ${found.join(', ')}`)
    else if (found.length === 0) this.blame(key, unknown, text.slice(0, 60))
    return found[0] ?? null
  }

  /** The row's own code, at most 80 characters. */
  ownCode(key: Key): string {
    const code = this.cell(key) ?? ''
    if (code === '') this.blame(key, 'no_code')
    else if (!/^[a-z0-9_]{1,80}$/.test(code)) this.blame(key, 'bad_code', code.slice(0, 60))
    return code
  }
}

/** The second and later rows of a code. */
export function repeatedCodes<Key extends string>(
  { rows, nameOf }: Table<Key>,
  key: Key,
): ReportItem[] {
  const first = new Map<string, number>()
  return rows.flatMap(({ line, cells }) => {
    const code = cells[key] ?? ''
    const before = first.get(code)
    if (code === '') return []
    if (before === undefined) {
      first.set(code, line)
      return []
    }
    const detail = `first on line ${before}`
    return [{ at: line, id: code, field: nameOf(key), reason: 'duplicate_code', detail }]
  })
}
