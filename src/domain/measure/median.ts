import type { Measure } from './measure.ts'

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
