import { mappedColumns } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import { plainName } from './read/header.ts'

const totalWords = /^(合计|总计|小计|共计|总数|(grand |sub)?totals?|sum)\s*[:：]?$/i
const longestEmptyWord = 20

/** The mapped cells of one row after the other. */
export class RowCells {
  readonly #mapping: Mapping
  readonly #index: Map<string, number>
  readonly #emptyWords: ReadonlySet<string>
  /** Places of the mapped columns by their names in the mapping. */
  readonly #places = new Map<string, number>()
  readonly #longestEmptyWord: number
  #fields: readonly string[] = []
  /** Cells of the row already asked for. */
  #texts: (string | undefined)[] = []

  /** @throws Error listing the columns that the header lacks or has twice. */
  constructor(header: readonly string[], mapping: Mapping) {
    this.#mapping = mapping
    this.#index = new Map(header.map((name, index) => [plainName(name), index]))
    const columns = mappedColumns(mapping)
    const named = (list: typeof columns): string =>
      list.map(({ field, column }) => `"${column}" (for ${field})`).join(', ')
    const missing = columns.filter(({ column }) => !this.#index.has(plainName(column)))
    if (missing.length > 0) {
      const present = [...this.#index.keys()].join(', ')
      throw new Error(`the file lacks the columns ${named(missing)}; it has ${present}`)
    }
    const twice = columns.filter(
      ({ column }) => header.filter((name) => plainName(name) === plainName(column)).length > 1,
    )
    if (twice.length > 0)
      throw new Error(`the header names more than one column ${named(twice)}: which is meant?`)
    const { categories, stages, departments, channels } = mapping
    const mapped = [categories.map, stages.map, departments, channels]
    this.#emptyWords = new Set(
      mapping.emptyWords
        .filter((word) => !mapped.some((map) => Object.hasOwn(map, word)))
        .map((word) => word.toUpperCase()),
    )
    this.#longestEmptyWord = Math.min(
      longestEmptyWord,
      [...this.#emptyWords].reduce((most, word) => Math.max(most, word.length), 0),
    )
    for (const { column } of columns)
      this.#places.set(column, this.#index.get(plainName(column)) ?? -1)
  }

  take(fields: readonly string[]): void {
    this.#fields = fields
    this.#texts.length = 0
  }

  /** Whether the mapping says to pass over the row, or it is a total below the table. */
  skipped(): 'skipped' | 'total' | null {
    const { skip, columns } = this.#mapping
    if (skip.some(({ column, values }) => values.includes(this.one(column)))) return 'skipped'
    const first = this.#fields.find((field) => field.trim() !== '')?.trim() ?? ''
    return totalWords.test(first) && this.one(columns.reportedAt) === '' ? 'total' : null
  }

  /** Empty for a column the mapping leaves out, and for a word that says so. */
  one(column: string | undefined): string {
    const place = column === undefined ? undefined : this.#places.get(column)
    if (place === undefined) return ''
    return (this.#texts[place] ??= this.#read(place))
  }

  #read(place: number): string {
    const text = (this.#fields[place] ?? '').trim()
    return text.length <= this.#longestEmptyWord && this.#emptyWords.has(text.toUpperCase())
      ? ''
      : text
  }

  /** Those that are not empty. */
  some(columns: string | string[] | undefined): string[] {
    const list = typeof columns === 'string' ? [columns] : (columns ?? [])
    return list.map((column) => this.one(column)).filter((text) => text !== '')
  }
}
