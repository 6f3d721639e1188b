import { dayFromNumber, dayNumber } from '@/domain/time/calendar.ts'
import type { LocalDay } from '@/domain/vocabulary.ts'

export type BinUnit = 'day' | 'week' | 'month'

/** Both days inclusive. */
export interface HistogramBin {
  from: LocalDay
  to: LocalDay
  count: number
}

export interface BinnedHistogram {
  unit: BinUnit
  bins: HistogramBin[]
}

/** First day number of the unit; weeks begin on Monday. */
function unitStart(number: number, unit: BinUnit): number {
  if (unit === 'day') return number
  // 1970-01-01 was a Thursday.
  if (unit === 'week') return number - ((((number + 3) % 7) + 7) % 7)
  return dayNumber(`${dayFromNumber(number).slice(0, 7)}-01`)
}

/**
 * Groups daily counts into the finest bars that fit.
 * @param counts one per day from `firstDay` on
 * @param maxBins bars that fit; months may exceed it
 * @returns bars without gaps; the data's ends cut the first and last
 */
export function binHistogram(
  firstDay: LocalDay,
  counts: ArrayLike<number>,
  maxBins: number,
): BinnedHistogram {
  const days = counts.length
  const unit: BinUnit = days <= maxBins ? 'day' : Math.ceil(days / 7) <= maxBins ? 'week' : 'month'
  const first = days === 0 ? 0 : dayNumber(firstDay)
  const bins: HistogramBin[] = []
  let start = Number.NaN
  for (let i = 0; i < days; i++) {
    const number = first + i
    const own = unitStart(number, unit)
    const day = dayFromNumber(number)
    const last = bins.at(-1)
    if (last && own === start) {
      last.to = day
      last.count += counts[i] ?? 0
    } else {
      bins.push({ from: day, to: day, count: counts[i] ?? 0 })
      start = own
    }
  }
  return { unit, bins }
}

/** Bar indices, both inclusive. */
export interface BinRange {
  start: number
  end: number
}

/**
 * Bars that a period covers, also partly; null means all. A period outside the data gets the
 * nearest bar, so its handles stay usable.
 */
export function binRange(
  bins: readonly HistogramBin[],
  period: { from: LocalDay; to: LocalDay } | null,
): BinRange {
  const last = Math.max(0, bins.length - 1)
  if (!period) return { start: 0, end: last }
  let start = bins.findIndex((bin) => bin.to >= period.from)
  if (start < 0) start = last
  let end = bins.findLastIndex((bin) => bin.from <= period.to)
  if (end < 0) end = 0
  return start <= end ? { start, end } : { start, end: start }
}

/** Period of a range of bars; null (all time) for all bars. */
export function periodOfRange(
  bins: readonly HistogramBin[],
  range: BinRange,
): { from: LocalDay; to: LocalDay } | null {
  const low = bins[Math.min(range.start, range.end)]
  const high = bins[Math.max(range.start, range.end)]
  if (!low || !high || (low === bins[0] && high === bins.at(-1))) return null
  return { from: low.from, to: high.to }
}

/** Where the days of a period lie over the bars, in bars from the left edge; null is all of them. */
export function spanOfPeriod(
  bins: readonly HistogramBin[],
  period: { from: LocalDay; to: LocalDay } | null,
): { start: number; end: number } {
  if (!period || bins.length === 0) return { start: 0, end: bins.length }
  const edge = (day: number): number => {
    const index = bins.findIndex((bin) => dayNumber(bin.to) >= day)
    if (index < 0) return bins.length
    const bin = bins[index]!
    const from = dayNumber(bin.from)
    return index + Math.max(0, day - from) / (dayNumber(bin.to) + 1 - from)
  }
  return { start: edge(dayNumber(period.from)), end: edge(dayNumber(period.to) + 1) }
}

/** Sum of the days of a period. @param counts one per day from `firstDay` on */
export function countInPeriod(
  firstDay: LocalDay,
  counts: ArrayLike<number>,
  period: { from: LocalDay; to: LocalDay } | null,
): number {
  const first = dayNumber(firstDay)
  const from = period ? Math.max(0, dayNumber(period.from) - first) : 0
  const to = period ? Math.min(counts.length - 1, dayNumber(period.to) - first) : counts.length - 1
  let sum = 0
  for (let day = from; day <= to; day++) sum += counts[day] ?? 0
  return sum
}

/** The period moved by whole days, within the days of the bars. */
export function shiftedPeriod(
  bins: readonly HistogramBin[],
  period: { from: LocalDay; to: LocalDay },
  days: number,
): { from: LocalDay; to: LocalDay } {
  const [first, last] = [bins[0], bins.at(-1)]
  if (!first || !last) return period
  const [from, to] = [dayNumber(period.from), dayNumber(period.to)]
  const shift = Math.max(
    Math.min(0, dayNumber(first.from) - from),
    Math.min(Math.max(0, dayNumber(last.to) - to), days),
  )
  return { from: dayFromNumber(from + shift), to: dayFromNumber(to + shift) }
}
