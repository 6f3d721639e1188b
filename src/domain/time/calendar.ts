import type { LocalDay, LocalMonth } from '../vocabulary.ts'

/** Integer days and months: no time zone can interfere. */
const dayMs = 86_400_000

/** Days since 1970-01-01; NaN when not a real day. */
export function dayNumber(day: LocalDay): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day)
  if (!match) return Number.NaN
  const date = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]))
  return new Date(date).toISOString().slice(0, 10) === day ? date / dayMs : Number.NaN
}

export const dayFromNumber = (number: number): LocalDay =>
  new Date(number * dayMs).toISOString().slice(0, 10)

export const isLocalDay = (day: string): boolean => !Number.isNaN(dayNumber(day))

export const addDays = (day: LocalDay, days: number): LocalDay =>
  dayFromNumber(dayNumber(day) + days)

/** Months since year 0; NaN when not `YYYY-MM`. */
export function monthNumber(month: LocalMonth): number {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month)
  return match ? Number(match[1]) * 12 + Number(match[2]) - 1 : Number.NaN
}

export function monthFromNumber(number: number): LocalMonth {
  const year = Math.floor(number / 12)
  return `${String(year).padStart(4, '0')}-${String(number - year * 12 + 1).padStart(2, '0')}`
}

export const monthOfDay = (day: LocalDay): LocalMonth => day.slice(0, 7)
export const firstDayOf = (month: LocalMonth): LocalDay => `${month}-01`
/** Days since 1970-01-01. */
export const firstDayNumber = (month: number): number => Date.UTC(0, month - 1900 * 12) / dayMs
/** 0 is a Monday; 1970-01-01 was a Thursday. */
export const mondayNumber = (day: number): number => (((day + 3) % 7) + 7) % 7
export const lastDayOf = (month: LocalMonth): LocalDay =>
  addDays(firstDayOf(monthFromNumber(monthNumber(month) + 1)), -1)

const clocks = new Map<string, (instant: string) => number>()

/**
 * Wall-clock minutes since 1970-01-01T00:00, of instants of one time zone. The same function for the
 * same zone: to make its formatter takes longer than to use it.
 * @throws RangeError for an invalid time zone, later for an invalid instant
 */
export function wallClock(timeZone: string): (instant: string) => number {
  const clock = clocks.get(timeZone) ?? newWallClock(timeZone)
  clocks.set(timeZone, clock)
  return clock
}

function newWallClock(timeZone: string): (instant: string) => number {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  return (instant) => {
    const parts = format.formatToParts(new Date(instant))
    const get = (type: Intl.DateTimeFormatPartTypes) =>
      Number(parts.find((part) => part.type === type)?.value)
    return Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute')) / 60_000
  }
}

/**
 * Wall-clock minutes since 1970-01-01T00:00.
 * @throws RangeError for an invalid instant or time zone
 */
export const wallMinutes = (instant: string, timeZone: string): number =>
  wallClock(timeZone)(instant)

export const localDayOf = (instant: string, timeZone: string): LocalDay =>
  dayFromNumber(Math.floor(wallMinutes(instant, timeZone) / 1440))
