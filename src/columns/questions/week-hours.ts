import type { WeekHours } from '../../domain/answers/week-hours.ts'
import { firstDayNumber, mondayNumber } from '../../domain/time/calendar.ts'
import { forEachPassing } from '../count/filtered-rows.ts'
import type { Question } from './question.ts'

const hoursOfWeek = 7 * 24

export const weekHours: Question<Record<never, never>, WeekHours> = (rows) => {
  const counts = new Uint32Array(hoursOfWeek)
  forEachPassing(rows, ({ monthNumber, minute }) => {
    const firstHour = mondayNumber(firstDayNumber(monthNumber)) * 24
    return (row) => {
      counts[(firstHour + Math.floor(minute[row]! / 60)) % hoursOfWeek]!++
    }
  })
  return { counts, total: rows.count }
}
