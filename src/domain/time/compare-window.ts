import { addDays, dayNumber, firstDayOf } from './calendar.ts'
import type { DataSpan, Period } from './period.ts'

/** As long as the period, without the days to come. */
export interface CompareWindow {
  period: NonNullable<Period>
  /** From a day of the window to its counterpart in the period. */
  shiftDays: number
}

/** Why nothing compares: all time has nothing before it, or no data reach back so far. */
export type NoWindow = 'all_time' | 'no_data'

/** The days right before the period, or the same days a year before. */
export function compareWindow(
  period: Period,
  before: 'period_before' | 'year_before',
  span: DataSpan,
): CompareWindow | NoWindow {
  if (!period) return 'all_time'
  const end = period.to < span.lastDay ? period.to : span.lastDay
  const days = dayNumber(end) - dayNumber(period.from) + 1
  if (days < 1) return 'no_data'
  const from = before === 'year_before' ? yearBefore(period.from) : addDays(period.from, -days)
  if (from < firstDayOf(span.firstMonth)) return 'no_data'
  return {
    period: { from, to: addDays(from, days - 1) },
    shiftDays: dayNumber(period.from) - dayNumber(from),
  }
}

/** Its last day is the counterpart of today, which is not over: both are counted up to the same minute. */
export const endsToday = ({ period, shiftDays }: CompareWindow, { lastDay }: DataSpan): boolean =>
  addDays(period.to, shiftDays) === lastDay

export const isSameWindow = (a: CompareWindow, b: CompareWindow): boolean =>
  a.period.from === b.period.from && a.period.to === b.period.to && a.shiftDays === b.shiftDays

/** A leap day's counterpart is the first of March. */
function yearBefore(day: string): string {
  const same = `${String(Number(day.slice(0, 4)) - 1).padStart(4, '0')}${day.slice(4)}`
  return Number.isNaN(dayNumber(same)) ? addDays(same.replace(/29$/, '28'), 1) : same
}
