import {
  addDays,
  firstDayOf,
  lastDayOf,
  monthFromNumber,
  monthNumber,
  monthOfDay,
} from './calendar.ts'
import type { IncidentFilter } from '../filter/filter.ts'
import type { LocalDay, LocalMonth } from '../vocabulary.ts'

export type Period = IncidentFilter['period']

export interface DataSpan {
  firstMonth: LocalMonth
  lastMonth: LocalMonth
  /** Local day of `asOf`. */
  lastDay: LocalDay
  /** First month of the default period. */
  defaultFrom: LocalMonth
}

export interface MonthCount {
  month: LocalMonth
  count: number
}

/** Least share of the busiest 12 months. */
const minShare = 0.1

/** Months are relative to the latest data. Days are the city's, by the server's clock. */
export const periodPresets = [
  'today',
  'yesterday',
  'last7Days',
  'last12Months',
  'thisMonth',
  'lastMonth',
  'last3Months',
  'thisYear',
  'lastYear',
  'recent',
  'all',
] as const
export type PeriodPreset = (typeof periodPresets)[number]

const months = (from: number, to: number): NonNullable<Period> => ({
  from: firstDayOf(monthFromNumber(from)),
  to: lastDayOf(monthFromNumber(to)),
})

/** Whole months, or days of the city; null is all time. */
export function presetPeriod(preset: PeriodPreset, span: DataSpan): Period {
  const last = monthNumber(span.lastMonth)
  const january = last - (last % 12)
  switch (preset) {
    case 'last12Months':
      return months(last - 11, last)
    case 'thisMonth':
      return months(last, last)
    case 'lastMonth':
      return months(last - 1, last - 1)
    case 'last3Months':
      return months(last - 2, last)
    case 'thisYear':
      return months(january, january + 11)
    case 'lastYear':
      return months(january - 12, january - 1)
    case 'recent':
      return months(monthNumber(span.defaultFrom), last)
    case 'all':
      return null
    case 'today':
      return { from: span.lastDay, to: span.lastDay }
    case 'yesterday': {
      const day = addDays(span.lastDay, -1)
      return { from: day, to: day }
    }
    case 'last7Days':
      return { from: addDays(span.lastDay, -6), to: span.lastDay }
  }
}

/**
 * The default period covers 12 months up to the latest month with data. If they hold less than
 * `minShare` of the busiest 12, it begins earlier, so one late report does not hide older years.
 * @param lastDay local day up to which data are known
 */
export function spanOf(listed: readonly MonthCount[], lastDay: LocalDay): DataSpan | null {
  const known = listed
    .filter(({ count }) => count > 0)
    .map(({ month, count }) => ({ number: monthNumber(month), count }))
    .toSorted((a, b) => b.number - a.number)
  const [last] = known
  const first = known.at(-1)
  if (!last || !first) return null
  const countOf = (from: number, to: number): number =>
    known.reduce((sum, one) => (one.number >= from && one.number <= to ? sum + one.count : sum), 0)
  const busiest = Math.max(...known.map(({ number }) => countOf(number - 11, number)))
  const end = known.find(({ number }) => countOf(number - 11, last.number) >= busiest * minShare)
  return {
    firstMonth: monthFromNumber(first.number),
    lastMonth: monthFromNumber(last.number),
    lastDay,
    defaultFrom: monthFromNumber((end ?? first).number - 11),
  }
}

export const countBefore = (listed: readonly MonthCount[], period: Period): number =>
  listed.reduce(
    (sum, { month, count }) => (period && month < monthOfDay(period.from) ? sum + count : sum),
    0,
  )

/** All time without data. */
export const defaultPeriod = (span: DataSpan | null): Period =>
  span ? presetPeriod('recent', span) : null

export function presetOf(period: Period, span: DataSpan): PeriodPreset | null {
  for (const preset of periodPresets) {
    const days = presetPeriod(preset, span)
    if (days?.from === period?.from && days?.to === period?.to) return preset
  }
  return null
}
