import type { WindowCounts } from '../../domain/answers/area-answers.ts'
import { firstDayNumber } from '../../domain/time/calendar.ts'
import type { CompareWindow } from '../../domain/time/compare-window.ts'
import { FilteredRows, forEachPassing } from '../count/filtered-rows.ts'
import type { Question } from './question.ts'

/**
 * Counts up to the counterpart of `asOf`: today's morning is compared with a morning, not with a
 * whole day.
 */
export const windowCounts: Question<CompareWindow, WindowCounts> = (rows, world, window) => {
  const filter = { ...rows.filter, areas: [], period: window.period }
  const lastMinute = world.asOfWallMinutes - window.shiftDays * 1440
  const length = world.areas.reduce((most, { idx }) => Math.max(most, idx + 1), 0)
  const byArea = new Uint32Array(length)
  forEachPassing(new FilteredRows(rows.set, filter, world), ({ monthNumber, minute, area }) => {
    const last = lastMinute - firstDayNumber(monthNumber) * 1440
    return (row) => {
      if (minute[row]! <= last) byArea[area[row]!]!++
    }
  })
  return { window, byArea }
}
