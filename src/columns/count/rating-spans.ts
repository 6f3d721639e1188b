import type { RatingRun } from '../../domain/answers/rating-columns.ts'
import type { MonthSpan } from '../../domain/answers/satisfaction.ts'
import { dayNumber, firstDayNumber, monthNumber } from '../../domain/time/calendar.ts'
import type { Period } from '../../domain/time/period.ts'
import type { RatingColumns, RatingSet } from './rating-set.ts'

/** Rows of one run that closed within the days asked for: they follow each other. */
export interface RatingSpan {
  run: RatingRun
  columns: RatingColumns
  /** First row, and the one after the last. */
  from: number
  to: number
  /** Day number of the day before the month's first. */
  before: number
}

interface Within {
  /** Months of closing, inclusive; null for all. */
  months: MonthSpan | null
  /** Days of closing, inclusive; null for all. */
  days?: Period
}

/** The oldest month first. */
export function ratingSpans(
  ratings: RatingSet | undefined,
  { months, days = null }: Within,
): RatingSpan[] {
  const [first, last] = days ? [dayNumber(days.from), dayNumber(days.to)] : [-Infinity, Infinity]
  const spans: RatingSpan[] = []
  for (const columns of ratings?.months ?? []) {
    const { month, runs } = columns
    if (months && (month < months.from || month > months.to)) continue
    const before = firstDayNumber(monthNumber(month)) - 1
    // Days of this month.
    const [from, to] = [Math.max(1, first - before), Math.min(31, last - before)]
    if (from > to) continue
    let row = 0
    for (const run of runs) {
      const start = row + rowsUntil(run, from - 1)
      const end = row + (to === 31 ? run.count : rowsUntil(run, to))
      if (end > start) spans.push({ run, columns, from: start, to: end, before })
      row += run.count
    }
  }
  return spans
}

/** Rows of a run up to a day of the month: a run is in the order of days. */
function rowsUntil({ days }: RatingRun, day: number): number {
  let rows = 0
  for (let at = 0; at < day; at++) rows += days[at] ?? 0
  return rows
}
