import { pointsPerPart, type InParts } from '../../stats/in-parts.ts'
import type { IncidentFilter } from '../../domain/filter/filter.ts'
import type { ColumnSet, MonthColumns } from './column-set.ts'
import { compileFilter, type FilterRules, type FilterWorld } from './filter-rules.ts'
import {
  countOf,
  filteredMonths,
  passingRows,
  type FilteredMonths,
  type PassingRows,
} from './passing-rows.ts'

/** Finds months and rows once for all questions about a filter, and only when one needs them. */
export class FilteredRows {
  readonly set: ColumnSet
  readonly filter: IncidentFilter
  readonly #world: FilterWorld
  #rules: FilterRules | null = null
  #months: FilteredMonths | null = null
  #passing: PassingRows | null = null

  constructor(set: ColumnSet, filter: IncidentFilter, world: FilterWorld) {
    this.set = set
    this.filter = filter
    this.#world = world
  }

  get rules(): FilterRules {
    return (this.#rules ??= compileFilter(this.filter, this.#world))
  }

  get months(): FilteredMonths {
    return (this.#months ??= filteredMonths(this.set, this.filter, this.#world))
  }

  get passing(): PassingRows {
    return (this.#passing ??= passingRows(this.months))
  }

  /** Finds the rows now: months may be replaced later. */
  hold(): this {
    this.#passing ??= passingRows(this.months)
    return this
  }

  get count(): number {
    return this.passing.reduce((sum, month) => sum + countOf(month), 0)
  }
}

/** Visits rows in no order within a month. */
export function forEachPassing(
  { passing }: FilteredRows,
  monthVisitor: (month: MonthColumns) => (row: number) => void,
): void {
  for (const { month, spans, rows } of passing) {
    const visit = monthVisitor(month)
    if (rows) for (const row of rows) visit(row)
    else
      for (let at = 0; at < spans.length; at += 2)
        for (let row = spans[at]!, end = spans[at + 1]!; row < end; row++) visit(row)
  }
}

/** As `forEachPassing`, with pauses; `rows` are to be held before the first. */
export function* eachPassingInParts(
  rows: FilteredRows,
  monthVisitor: (month: MonthColumns) => (row: number) => void,
): InParts<void> {
  const n = rows.count
  let done = 0
  for (const { month, spans, rows: listed } of rows.passing) {
    const visit = monthVisitor(month)
    for (let from = 0; listed && from < listed.length; from += pointsPerPart) {
      yield done / n
      const part = listed.subarray(from, from + pointsPerPart)
      for (const row of part) visit(row)
      done += part.length
    }
    for (let at = 0; !listed && at < spans.length; at += 2) {
      const end = spans[at + 1]!
      for (let from = spans[at]!; from < end; from += pointsPerPart) {
        yield done / n
        const to = Math.min(end, from + pointsPerPart)
        visitRange(visit, from, to)
        done += to - from
      }
    }
  }
}

function visitRange(visit: (row: number) => void, from: number, to: number): void {
  for (let row = from; row < to; row++) visit(row)
}
