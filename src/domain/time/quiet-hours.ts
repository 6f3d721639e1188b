import { wallMinutes } from './calendar.ts'

/** Hours of the city's wall clock in which nobody is notified: from 22:00 until before 7:00. */
export const quietHours = { from: 22, until: 7 } as const

/**
 * By the wall clock alone: a night with a clock change is an hour shorter or longer.
 * @throws RangeError for an invalid instant or time zone
 */
export function isQuiet(instant: string, timeZone: string): boolean {
  const hour = Math.floor(wallMinutes(instant, timeZone) / 60) % 24
  return hour >= quietHours.from || hour < quietHours.until
}
