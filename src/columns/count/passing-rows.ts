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

/** Leaves out months without passing rows. */
export type PassingRows = readonly PassingMonth[]
export interface PassingMonth {
  /** Under a filter of deadlines only the incidents with such a deadline. */
  month: MonthColumns
  /** Row numbers; null when the whole month passes. */
  rows: Uint32Array | null
}

/** `project` finds the same rows while it counts. */
export function passingRows(
  set: ColumnSet,
  filter: IncidentFilter,
  world: FilterWorld,
): PassingRows {
  const rules = compileFilter(filter, world)
  return keptMonths(set, filter).flatMap((whole): PassingMonth[] => {
    const cover = periodCover(whole, rules)
    if (cover === 'none' || whole.count === 0) return []
    const month = rules.due ? dueRows(whole, rules.due) : whole
    if (cover === 'whole' && rules.onlyPeriod) return [{ month, rows: null }]
    const rows = rowsOf(month, rules)
    return rows.length > 0 ? [{ month, rows }] : []
  })
}

function rowsOf(month: MonthColumns, rules: FilterRules): Uint32Array {
  const { count, minute, area, category, stage, x, y } = month
  const { area: areaRules, category: categoryRules, stage: stageRules } = rules
  const { from, to } = minutesInPeriod(month, rules)
  const [minX, minY, maxX, maxY] = rules.box ?? [0, 0, quantum, quantum]
  const rows = new Uint32Array(count)
  let found = 0
  for (let i = 0; i < count; i++) {
    if (areaRules[area[i]!]! | categoryRules[category[i]!]! | stageRules[stage[i]!]!) continue
    if (minute[i]! < from || minute[i]! >= to) continue
    if (x[i]! < minX || x[i]! > maxX || y[i]! < minY || y[i]! > maxY) continue
    rows[found++] = i
  }
  return rows.subarray(0, found)
}
