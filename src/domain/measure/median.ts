import { unknown, type AreaFigures, type Measure, type Reading } from './measure.ts'

const minIncidents = 10

/**
 * Hours by which half are closed, by Kaplan and Meier: an open incident counts as "longer than its
 * age". The median of closed ones alone would praise areas that leave the hard ones open.
 */
export const median: Measure = {
  unit: 'hours',
  ramp: 'sequential',
  isSum: false,
  minIncidents,
  needs: 'closing',
  read: ({ closing }) => {
    if (!closing || closing.n === 0) return { verdict: 'zero', value: null, n: 0 }
    const { n, median: found } = closing
    const verdict = n < minIncidents ? 'few' : found.time === null ? 'not_reached' : 'value'
    return { verdict, value: found.time, n }
  },
  interval: ({ closing }) => closing && { low: closing.median.low, high: closing.median.high },
}

/**
 * Later ÷ earlier median. It may be chance while their 95 % intervals overlap, which asks for more
 * than a test would. Too few on one side cannot be compared.
 */
export function medianChange(earlier: AreaFigures, later: AreaFigures): Reading {
  const [before, now] = [median.read(earlier), median.read(later)]
  const n = before.n + now.n
  if (before.verdict === 'zero' && now.verdict === 'zero') return { ...now, value: null, n }
  const [low, high] = [median.interval(earlier), median.interval(later)]
  if (before.verdict !== 'value' || now.verdict !== 'value' || !low || !high)
    return { ...unknown, verdict: isFew(before) || isFew(now) ? 'few' : 'not_reached', n }
  const isApart =
    (low.high !== null && high.low !== null && low.high < high.low) ||
    (high.high !== null && low.low !== null && high.high < low.low)
  const value = before.value! > 0 ? now.value! / before.value! : null
  return { verdict: isApart ? 'value' : 'chance', value, n }
}

const isFew = ({ verdict }: Reading): boolean => verdict === 'few' || verdict === 'zero'
