import { firstDayOf, lastDayOf, monthFromNumber, monthNumber, monthOfDay } from './calendar.ts'
import type { IncidentFilter } from '../filter/filter.ts'
import type { LocalDay, LocalMonth } from '../vocabulary.ts'

export type Period = IncidentFilter['period']

/** Days that the data cover. */
export interface DataSpan {
  firstMonth: LocalMonth
  lastMonth: LocalMonth
  /** Local day of `asOf`. */
  lastDay: LocalDay
  /** First month of the period a person starts with; it ends with `lastMonth`. */
  defaultFrom: LocalMonth
}

/** How many incidents a month holds. */
export interface MonthCount {
  month: LocalMonth
  count: number
}

/** Share of the busiest 12 months that the default period holds at least. */
const minShare = 0.1

/** Presets are relative to the latest data, not to today: an import that ends in May ends in May. */
export const periodPresets = [
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
    case 'recent':
      return months(monthNumber(span.defaultFrom), last)
    case 'all':
      return null
  }
}

/**
 * What the data cover, out of the months that hold some.
 *
 * The default period ends with the latest month that holds an incident, so that new reports are
 * always in it. It begins 11 months before. Where that holds less than a tenth of the busiest 12
 * months, it begins 11 months before an earlier month with data: the latest one that makes it hold
 * a tenth. So one report after years of silence does not hide the years before.
 * @param listed in any order, months with count 0 are passed over
 * @param lastDay the local day up to which the data are known
 * @returns null without any incident
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

/** How many incidents were reported in months before the period; 0 for all time. */
export const countBefore = (listed: readonly MonthCount[], period: Period): number =>
  listed.reduce(
    (sum, { month, count }) => (period && month < monthOfDay(period.from) ? sum + count : sum),
    0,
  )

/** The period a person starts with; all time where there are no data. See `spanOf`. */
export const defaultPeriod = (span: DataSpan | null): Period =>
  span ? presetPeriod('recent', span) : null

/** The preset equal to a period, or null. */
export function presetOf(period: Period, span: DataSpan): PeriodPreset | null {
  for (const preset of periodPresets) {
    const days = presetPeriod(preset, span)
    if (days?.from === period?.from && days?.to === period?.to) return preset
  }
  return null
}
