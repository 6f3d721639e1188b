import type { WindowCounts, WindowCountsOptions } from '../../domain/answers/area-answers.ts'
import { notClosedHours } from '../../domain/answers/columns.ts'
import { dayNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import type { CompareWindow } from '../../domain/time/compare-window.ts'
import { isOpenStage, stages } from '../../domain/vocabulary.ts'
import type { MonthColumns } from '../count/column-set.ts'
import { FilteredRows, forEachPassing } from '../count/filtered-rows.ts'
import type { Question, QuestionWorld } from './question.ts'

/**
 * Visits the rows up to the counterpart of `asOf`: today's morning is compared with a morning, not
 * with a whole day. @param areas by default all: the filter's do not count. @param categories by default
 * the filter's
 */
export function forEachInWindow(
  rows: FilteredRows,
  world: QuestionWorld,
  window: CompareWindow,
  monthVisitor: (month: MonthColumns) => (row: number) => void,
  areas: readonly string[] = [],
  categories: readonly string[] = rows.filter.categories,
): void {
  const filter = {
    ...rows.filter,
    areas: [...areas],
    categories: [...categories],
    period: window.period,
  }
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

/** Their index is a byte. */
const maxCategories = 256
const closedStage = stages.indexOf('closed')
const openStages = stages.map(isOpenStage)

export const windowCounts: Question<WindowCountsOptions, WindowCounts> = (rows, world, options) => {
  const { window, figure } = options
  const length = world.areas.reduce((most, { idx }) => Math.max(most, idx + 1), 0)
  const byArea = new Uint32Array(length)
  const end = Math.min(
    (dayNumber(window.period.to) + 1) * 1440 - 1,
    world.asOfWallMinutes - window.shiftDays * 1440,
  )
  const counted =
    figure === 'overdue'
      ? new FilteredRows(rows.set, { ...rows.filter, due: ['overdue'] }, world)
      : rows
  forEachInWindow(counted, world, window, ({ monthNumber, area, minute, stage, hours }) => {
    if (figure !== 'open') return (row) => void byArea[area[row]!]!++
    const monthStart = firstDayNumber(monthNumber) * 1440
    return (row) => {
      const at = stage[row]! & 15
      const isOpen =
        at === closedStage && hours[row] !== notClosedHours
          ? monthStart + minute[row]! + hours[row]! * 60 > end
          : openStages[at]
      if (isOpen) byArea[area[row]!]!++
    }
  })
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
  const byCategory = new Uint32Array(maxCategories)
  forEachInWindow(
    rows,
    world,
    window,
    ({ category }) =>
      (row) =>
        void byCategory[category[row]!]!++,
    rows.filter.areas,
    [],
  )
  return { ...options, byArea, byDay, byCategory }
}
