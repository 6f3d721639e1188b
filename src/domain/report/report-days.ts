import {
  firstDayOf,
  lastDayOf,
  monthFromNumber,
  monthNumber,
  monthOfDay,
} from '../time/calendar.ts'
import type { DataSpan } from '../time/period.ts'
import type { LocalDay, LocalMonth } from '../vocabulary.ts'

interface Days {
  from: LocalDay
  to: LocalDay
}

/** A month and the two it is compared with; null where no data reach back so far. */
export interface ReportDays {
  month: LocalMonth
  days: Days
  before: Days | null
  yearAgo: Days | null
  /** A month under way ends with the last day of the data, and so do those before it. */
  isOver: boolean
}

const monthText = /^\d{4}-(0[1-9]|1[0-2])$/
export const isReportMonth = (text: string): text is LocalMonth => monthText.test(text)

const monthsBack = (month: LocalMonth, months: number): LocalMonth =>
  monthFromNumber(monthNumber(month) - months)

/** Null for a month in which nothing can be counted: before the data or after them. */
export function reportDays(month: LocalMonth, span: DataSpan): ReportDays | null {
  const from = firstDayOf(month)
  if (month < span.firstMonth || from > span.lastDay) return null
  const isOver = lastDayOf(month) < span.lastDay
  const until = (other: LocalMonth): Days => {
    const [first, last] = [firstDayOf(other), lastDayOf(other)]
    const same = `${other}-${span.lastDay.slice(-2)}`
    return { from: first, to: isOver || same > last ? last : same }
  }
  const earlier = (months: number): Days | null => {
    const other = monthsBack(month, months)
    return other < span.firstMonth ? null : until(other)
  }
  return { month, days: until(month), before: earlier(1), yearAgo: earlier(12), isOver }
}

/** The last month that is over, or the last with data. */
export function usualReportMonth(span: DataSpan): LocalMonth {
  const over = monthsBack(monthOfDay(span.lastDay), 1)
  return over < span.lastMonth && over >= span.firstMonth ? over : span.lastMonth
}

/** The months a report can be about, newest first. */
export function reportMonths(span: DataSpan): LocalMonth[] {
  const last = monthNumber(monthOfDay(span.lastDay))
  const count = last - monthNumber(span.firstMonth) + 1
  return Array.from({ length: Math.max(0, count) }, (_, at) => monthFromNumber(last - at))
}

/** So many months, the last one that of the days. */
export const monthsTo = ({ from, to }: Days, months: number): Days => ({
  from: firstDayOf(monthsBack(monthOfDay(from), months - 1)),
  to,
})
