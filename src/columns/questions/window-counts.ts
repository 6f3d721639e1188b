import type { WindowCounts } from '../../domain/answers/area-answers.ts'
import { dayNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import type { CompareWindow } from '../../domain/time/compare-window.ts'
import type { MonthColumns } from '../count/column-set.ts'
import { FilteredRows, forEachPassing } from '../count/filtered-rows.ts'
import type { Question, QuestionWorld } from './question.ts'

/**
 * Visits the rows up to the counterpart of `asOf`: today's morning is compared with a morning, not
 * with a whole day. @param areas by default all: the filter's do not count
 */
export function forEachInWindow(
  rows: FilteredRows,
  world: QuestionWorld,
  window: CompareWindow,
  monthVisitor: (month: MonthColumns) => (row: number) => void,
  areas: readonly string[] = [],
): void {
  const filter = { ...rows.filter, areas: [...areas], period: window.period }
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
  const first = dayNumber(window.period.from)
  const byDay = new Uint32Array(dayNumber(window.period.to) + 1 - first)
  forEachInWindow(
    rows,
    world,
    window,
    ({ minute, monthNumber }) => {
      const start = firstDayNumber(monthNumber) - first
      return (row) => byDay[start + Math.floor(minute[row]! / 1440)]!++
    },
    rows.filter.areas,
  )
  return { window, byArea, byDay }
}
