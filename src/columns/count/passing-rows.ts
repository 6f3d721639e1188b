import type { ColumnSet, MonthColumns } from './column-set.ts'
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
import { kindSpans } from './kind-runs.ts'
import { pickRows, rowRoom, type Minutes } from './pick-rows.ts'

/** Leaves out months outside the period. */
export interface FilteredMonths {
  rules: FilterRules
  months: readonly FilteredMonth[]
}
export interface FilteredMonth {
  /** Under a filter of deadlines only the incidents with such a deadline. */
  month: MonthColumns
  /** Pairs of first and end: rows of other spans fail. */
  spans: Uint32Array
  /** Null where the period lets the whole month pass. */
  minutes: Minutes | null
}

/** Leaves out months without passing rows. */
export type PassingRows = readonly PassingMonth[]
export interface PassingMonth extends Pick<FilteredMonth, 'month' | 'spans'> {
  /** Row numbers; null when all of the spans pass. */
  rows: Uint32Array | null
}

export function filteredMonths(
  set: ColumnSet,
  filter: IncidentFilter,
  world: FilterWorld,
): FilteredMonths {
  const rules = compileFilter(filter, world)
  const months = keptMonths(set, filter, world).flatMap((whole): FilteredMonth[] => {
    const cover = periodCover(whole, rules)
    if (cover === 'none' || whole.count === 0) return []
    const month = rules.due ? dueRows(whole, rules.due) : whole
    const minutes = cover === 'part' ? minutesInPeriod(month, rules) : null
    return [{ month, spans: kindSpans(month, rules), minutes }]
  })
  return { rules, months }
}

export const passingRows = ({ rules, months }: FilteredMonths): PassingRows =>
  months.flatMap(({ month, spans, minutes }): PassingMonth[] => {
    const rows =
      rules.hasAreas || rules.box || minutes ? listRows(month, rules, minutes, spans) : null
    return (rows ?? spans).length > 0 ? [{ month, spans, rows }] : []
  })

function listRows(
  month: MonthColumns,
  rules: FilterRules,
  minutes: Minutes | null,
  spans: Uint32Array,
): Uint32Array {
  const room = rowRoom(month.count + 1)
  let found = 0
  for (let at = 0; at < spans.length; at += 2) {
    const span = { start: spans[at]!, end: spans[at + 1]!, step: 1 }
    found = pickRows(month, rules, minutes, span, room, found)
  }
  return room.slice(0, found)
}

export const countOf = ({ spans, rows }: PassingMonth): number => rows?.length ?? rowsIn(spans)

/** All rows of spans. */
export function rowsIn(spans: Uint32Array): number {
  let rows = 0
  for (let at = 0; at < spans.length; at += 2) rows += spans[at + 1]! - spans[at]!
  return rows
}
