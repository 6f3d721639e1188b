import { spansOf } from './area-runs.ts'
import type { ColumnSet, MonthColumns } from './column-set.ts'
import { quantum } from '../../domain/answers/columns.ts'
import { dueRows } from './due-rows.ts'
import { keptMonths } from './kept-months.ts'
import {
  compileFilter,
  minutesInPeriod,
  periodCover,
  type FilterRules,
  type FilterWorld,
} from './filter-rules.ts'
import type { IncidentFilter } from '../../domain/filter/filter.ts'

/** The months that may hold passing rows. */
export interface FilteredMonths {
  rules: FilterRules
  months: readonly FilteredMonth[]
}
export interface FilteredMonth {
  /** Under a filter of deadlines only the incidents with such a deadline. */
  month: MonthColumns
  /** Minutes of the month in the period; the end is exclusive. */
  from: number
  to: number
  /** All rows pass. */
  isWhole: boolean
}

/** Leaves out months without passing rows. */
export type PassingRows = readonly PassingMonth[]
export interface PassingMonth {
  month: MonthColumns
  /** Row numbers; null when the whole month passes. */
  rows: Uint32Array | null
}

export function filteredMonths(
  set: ColumnSet,
  filter: IncidentFilter,
  world: FilterWorld,
): FilteredMonths {
  const rules = compileFilter(filter, world)
  const months = keptMonths(set, filter).flatMap((whole): FilteredMonth[] => {
    const cover = periodCover(whole, rules)
    if (cover === 'none' || whole.count === 0) return []
    const month = rules.due ? dueRows(whole, rules.due) : whole
    const isWhole = cover === 'whole' && rules.onlyPeriod
    return [{ month, ...minutesInPeriod(whole, rules), isWhole }]
  })
  return { rules, months }
}

/** Costs 4 bytes for each row that passes, where not whole months pass. */
export function passingRows({ rules, months }: FilteredMonths): PassingRows {
  return months.flatMap((one): PassingMonth[] => {
    if (one.isWhole) return [{ month: one.month, rows: null }]
    const rows = rowsOf(one, rules)
    return rows.length > 0 ? [{ month: one.month, rows }] : []
  })
}

function rowsOf({ month, from, to }: FilteredMonth, rules: FilterRules): Uint32Array {
  const { minute, area, category, stage, x, y } = month
  const { area: areaRules, category: categoryRules, stage: stageRules } = rules
  const [minX, minY, maxX, maxY] = rules.box ?? [0, 0, quantum, quantum]
  const spans = spansOf(month, rules.hasAreas ? areaRules : null, rules.box)
  const rows = new Uint32Array(month.count)
  let found = 0
  for (let span = 0; span < spans.length; span += 2)
    for (let i = spans[span]!, end = spans[span + 1]!; i < end; i++) {
      if (areaRules[area[i]!]! | categoryRules[category[i]!]! | stageRules[stage[i]!]!) continue
      if (minute[i]! < from || minute[i]! >= to) continue
      if (x[i]! < minX || x[i]! > maxX || y[i]! < minY || y[i]! > maxY) continue
      rows[found++] = i
    }
  // a view would keep the memory of all rows
  return rows.slice(0, found)
}
