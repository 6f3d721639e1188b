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

/** Days that the data cover. */
export interface DataSpan {
  firstMonth: LocalMonth
  lastMonth: LocalMonth
  /** Local day of `asOf`. */
  lastDay: LocalDay
}

/** Relative to the latest data, not to today. */
export const periodPresets = [
  'last12Months',
  'thisMonth',
  'lastMonth',
  'last3Months',
  'thisYear',
  'lastYear',
  'all',
] as const
export type PeriodPreset = (typeof periodPresets)[number]

const months = (from: number, to: number): NonNullable<Period> => ({
  from: firstDayOf(monthFromNumber(from)),
  to: lastDayOf(monthFromNumber(to)),
})

/** The days of a preset, in whole months so that months compare; null is all time. */
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
    case 'all':
      return null
  }
}

/** The default: the latest 12 months with data, or all time without data. */
export const defaultPeriod = (span: DataSpan | null): Period =>
  span ? presetPeriod('last12Months', span) : null

/** The preset equal to a period, or null. */
export function presetOf(period: Period, span: DataSpan): PeriodPreset | null {
  for (const preset of periodPresets) {
    const days = presetPeriod(preset, span)
    if (days?.from === period?.from && days?.to === period?.to) return preset
  }
  return null
}

/** The period of equal length before it; whole months stay whole. */
export function previousPeriod(period: NonNullable<Period>): NonNullable<Period> {
  const from = monthOfDay(period.from)
  const to = monthOfDay(period.to)
  if (period.from === firstDayOf(from) && period.to === lastDayOf(to)) {
    const length = monthNumber(to) - monthNumber(from) + 1
    return months(monthNumber(from) - length, monthNumber(from) - 1)
  }
  const length = (Date.parse(period.to) - Date.parse(period.from)) / 86_400_000 + 1
  return { from: addDays(period.from, -length), to: addDays(period.from, -1) }
}
