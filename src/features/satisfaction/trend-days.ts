import type { TrendStep } from '@/domain/answers/satisfaction.ts'
import { addDays, dayNumber } from '@/domain/time/calendar.ts'
import type { Period } from '@/domain/time/period.ts'
import type { LocalDay } from '@/domain/vocabulary.ts'

/** A trend wants more days than the usual period has, and not so many that its points touch. */
const spans: Record<TrendStep, { least: number; most: number }> = {
  day: { least: 90, most: 400 },
  week: { least: 2 * 365, most: 3 * 365 },
  month: { least: 2 * 365, most: 20 * 365 },
}

/**
 * Days of closing that the trend shows: to the last day of the data, so that it stays where it is while
 * the period narrows to one of its points; with an older period only to its end.
 */
export function trendDays(period: Period, step: TrendStep, lastDay: LocalDay): Period {
  const { least, most } = spans[step]
  const back = (day: LocalDay, days: number): LocalDay => addDays(day, -days + 1)
  if (!period) return { from: back(lastDay, most), to: lastDay }
  const isOld = dayNumber(lastDay) - dayNumber(period.from) >= most
  const to = isOld && period.to < lastDay ? period.to : lastDay
  const early = back(to, least)
  const from = period.from < early ? period.from : early
  return { from: from < back(to, most) ? back(to, most) : from, to }
}
