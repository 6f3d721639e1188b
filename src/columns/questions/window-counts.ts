import type { WindowCounts } from '../../domain/answers/area-answers.ts'
import { firstDayNumber } from '../../domain/time/calendar.ts'
import type { CompareWindow } from '../../domain/time/compare-window.ts'
import type { MonthColumns } from '../count/column-set.ts'
import { FilteredRows, forEachPassing } from '../count/filtered-rows.ts'
import type { Question, QuestionWorld } from './question.ts'

/**
 * Visits the rows up to the counterpart of `asOf`: today's morning is compared with a morning, not
 * with a whole day. The filter's areas do not count.
 */
export function forEachInWindow(
  rows: FilteredRows,
  world: QuestionWorld,
  window: CompareWindow,
  monthVisitor: (month: MonthColumns) => (row: number) => void,
): void {
  const filter = { ...rows.filter, areas: [], period: window.period }
  const lastMinute = world.asOfWallMinutes - window.shiftDays * 1440
  forEachPassing(new FilteredRows(rows.set, filter, world), (month) => {
    const { minute } = month
    const last = lastMinute - firstDayNumber(month.monthNumber) * 1440
    const visit = monthVisitor(month)
    return (row) => {
      if (minute[row]! <= last) visit(row)
    }
  })
}

export const windowCounts: Question<CompareWindow, WindowCounts> = (rows, world, window) => {
  const length = world.areas.reduce((most, { idx }) => Math.max(most, idx + 1), 0)
  const byArea = new Uint32Array(length)
  forEachInWindow(
    rows,
    world,
    window,
    ({ area }) =>
      (row) =>
        byArea[area[row]!]!++,
  )
  return { window, byArea }
}
