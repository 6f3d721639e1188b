import { wallMinutes } from './calendar.ts'

const minuteMs = 60_000

/**
 * The instant of a wall clock `YYYY-MM-DDTHH:mm` in a time zone; null for another text. A time that
 * a clock change skips counts as after it; of one that comes twice the first counts.
 */
export function instantOfLocal(local: string, timeZone: string): string | null {
  const wall = Date.parse(`${local}Z`) / minuteMs
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(local) || Number.isNaN(wall)) return null
  const offsetAt = (minutes: number): number =>
    wallMinutes(new Date(minutes * minuteMs).toISOString(), timeZone) - minutes
  // offsets of a day before and after: the earlier one that fits wins
  const [before, after] = [offsetAt(wall - 1440), offsetAt(wall + 1440)]
  const fitting = [before, after].find((offset) => offsetAt(wall - offset) === offset)
  return new Date((wall - (fitting ?? before)) * minuteMs).toISOString()
}

/** `YYYY-MM-DDTHH:mm`, as an input of kind datetime-local wants it. */
export const localOfInstant = (instant: string, timeZone: string): string =>
  new Date(wallMinutes(instant, timeZone) * minuteMs).toISOString().slice(0, 16)
