import {
  dayFromNumber,
  dayNumber,
  firstDayOf,
  lastDayOf,
  mondayNumber,
  monthFromNumber,
  monthNumber,
  monthOfDay,
} from './calendar.ts'
import type { DataSpan, Period } from './period.ts'

/** Lengths of the window that moves through time: by weeks, or by months. */
export const frameLengths = ['week', 'month', 'quarter', 'year'] as const
export type FrameLength = (typeof frameLengths)[number]

const monthsOf: Record<Exclude<FrameLength, 'week'>, number> = { month: 1, quarter: 3, year: 12 }

/** Both days inclusive. */
export type Frame = NonNullable<Period>

/**
 * Windows from the first month to the last day of the data, oldest first. Weeks begin on Monday.
 * Longer windows overlap: each ends one month later than the one before.
 */
export function timeFrames(
  { firstMonth, lastDay }: Pick<DataSpan, 'firstMonth' | 'lastDay'>,
  length: FrameLength,
): Frame[] {
  if (length === 'week') {
    const first = dayNumber(firstDayOf(firstMonth))
    const frames: Frame[] = []
    for (let day = first - mondayNumber(first); day <= dayNumber(lastDay); day += 7)
      frames.push({ from: dayFromNumber(day), to: dayFromNumber(day + 6) })
    return frames
  }
  const months = monthsOf[length]
  const last = monthNumber(monthOfDay(lastDay))
  const first = Math.min(last, monthNumber(firstMonth) + months - 1)
  return Array.from({ length: last - first + 1 }, (_, n) => ({
    from: firstDayOf(monthFromNumber(first + n - months + 1)),
    to: lastDayOf(monthFromNumber(first + n)),
  }))
}

/** The frame whose end is nearest to the period's; the last one for all time. */
export function frameAt(frames: readonly Frame[], period: Period): number {
  if (!period) return frames.length - 1
  const at = frames.findIndex(({ to }) => to >= period.to)
  return at < 0 ? frames.length - 1 : at
}

/** Length of a period that is such a window. */
export function frameLengthOf(period: Period): FrameLength | null {
  if (!period) return null
  const from = dayNumber(period.from)
  if (mondayNumber(from) === 0 && dayNumber(period.to) - from === 6) return 'week'
  const [first, last] = [monthOfDay(period.from), monthOfDay(period.to)]
  if (period.from !== firstDayOf(first) || period.to !== lastDayOf(last)) return null
  const months = monthNumber(last) - monthNumber(first) + 1
  return frameLengths.find((length) => length !== 'week' && monthsOf[length] === months) ?? null
}
