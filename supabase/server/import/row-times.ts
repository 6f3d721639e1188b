import { Temporal } from 'temporal-polyfill'
import { readDate } from './dates/date-text.ts'
import type { DateOrder, ReadDate } from './dates/date-text.ts'
import { readNumericDate } from './dates/numeric-date.ts'
import type { NumericDate } from './dates/numeric-date.ts'

export interface DateRules {
  /** Of times without one. */
  timeZone: string
  order: DateOrder
  /** How plain numbers count; null where they are no dates. */
  numeric: NumericDate | null
  /** By which a closing may precede the report and is then taken for the same instant. */
  slackSeconds: number
}

export const readByRules = (
  text: string,
  { timeZone, order, numeric }: DateRules,
): ReadDate | null =>
  (numeric && readNumericDate(text, numeric, timeZone)) || readDate(text, timeZone, order)

export interface ClosingInstant {
  /** ISO 8601 in UTC. */
  at: string
  /** Why it is not what is written; null when it is. */
  doubt: 'closing_day' | 'repeated_hour' | 'closed_just_before' | null
}

const dayOf = (at: string, timeZone: string): Temporal.PlainDate =>
  Temporal.Instant.from(at).toZonedDateTimeISO(timeZone).toPlainDate()

/** The last second of the local day. */
const endOfDay = (at: string, timeZone: string): string =>
  new Date(
    dayOf(at, timeZone).add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds - 1000,
  ).toISOString()

/**
 * When a report was closed. A day alone is the report's own instant on the same day, else the day's
 * end, but not later than `now`. Null when it is closed before it was opened.
 */
export function closingInstant(
  closed: ReadDate,
  reportedAt: string,
  rules: DateRules,
  now: string,
): ClosingInstant | null {
  const { timeZone, slackSeconds } = rules
  if (closed.isDay) {
    const isSameDay = dayOf(closed.at, timeZone).equals(dayOf(reportedAt, timeZone))
    if (isSameDay) return { at: reportedAt, doubt: 'closing_day' }
    if (closed.at < reportedAt) return null
    const end = endOfDay(closed.at, timeZone)
    return { at: end > now && closed.at <= now ? now : end, doubt: 'closing_day' }
  }
  if (closed.at >= reportedAt) return { at: closed.at, doubt: null }
  if (closed.later !== null && closed.later >= reportedAt)
    return { at: closed.later, doubt: 'repeated_hour' }
  const isNear = Date.parse(reportedAt) - Date.parse(closed.at) <= slackSeconds * 1000
  return isNear ? { at: reportedAt, doubt: 'closed_just_before' } : null
}
