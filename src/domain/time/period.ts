import { firstDayOf, lastDayOf, monthFromNumber, monthNumber } from './calendar.ts'
import type { IncidentFilter } from '../filter/filter.ts'
import type { LocalDay, LocalMonth } from '../vocabulary.ts'

export type Period = IncidentFilter['period']

/** Which days the caller's data cover. */
export interface DataSpan {
  /** First month that holds an incident. */
  firstMonth: LocalMonth
  /** Last month that holds an incident. */
  lastMonth: LocalMonth
  /** The local day of `asOf`: how far the data is known. */
  lastDay: LocalDay
}

/** Presets are relative to the latest data, not to today: an import that ends in May ends in May. */
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

/** The days of a preset; null is all time. Whole months, so that months compare with each other. */
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

/** The period a person starts with: the latest 12 months that have data, or all when there is none. */
export const defaultPeriod = (span: DataSpan | null): Period =>
  span ? presetPeriod('last12Months', span) : null

/** Which preset a period is, or null when it is a free choice. */
export function presetOf(period: Period, span: DataSpan): PeriodPreset | null {
  for (const preset of periodPresets) {
    const days = presetPeriod(preset, span)
    if (days?.from === period?.from && days?.to === period?.to) return preset
  }
  return null
}
