import type { IncidentFilter } from '../../domain/filter/filter.ts'
import type { ColumnSet, MonthColumns } from './column-set.ts'
import type { FilterWorld } from './filter-rules.ts'
import { passingRows, type PassingRows } from './passing-rows.ts'

/** Finds the rows once for all questions about a filter. */
export class FilteredRows {
  readonly set: ColumnSet
  readonly filter: IncidentFilter
  readonly #world: FilterWorld
  #passing: PassingRows | null = null

  constructor(set: ColumnSet, filter: IncidentFilter, world: FilterWorld) {
    this.set = set
    this.filter = filter
    this.#world = world
  }

  get passing(): PassingRows {
    return (this.#passing ??= passingRows(this.set, this.filter, this.#world))
  }

  get count(): number {
    return this.passing.reduce((sum, { month, rows }) => sum + (rows?.length ?? month.count), 0)
  }

  keep(passing: PassingRows): void {
    this.#passing = passing
  }
}

/** Visits rows in no order within a month. */
export function forEachPassing(
  { passing }: FilteredRows,
  monthVisitor: (month: MonthColumns) => (row: number) => void,
): void {
  for (const { month, rows } of passing) {
    const visit = monthVisitor(month)
    if (rows) for (const row of rows) visit(row)
    else for (let row = 0; row < month.count; row++) visit(row)
  }
}
