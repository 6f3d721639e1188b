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
  #fields: readonly string[] = []

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
  }

  take(fields: readonly string[]): void {
    this.#fields = fields
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
    const index = column === undefined ? undefined : this.#index.get(plainName(column))
    const text = index === undefined ? '' : (this.#fields[index] ?? '').trim()
    return text.length <= longestEmptyWord && this.#emptyWords.has(text.toUpperCase()) ? '' : text
  }

  /** Those that are not empty. */
  some(columns: string | string[] | undefined): string[] {
    return [columns ?? []]
      .flat()
      .map((column) => this.one(column))
      .filter((text) => text !== '')
  }
}
