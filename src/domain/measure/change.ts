import { binomialTest, compareCounts } from '../../stats/change.ts'
import { unknown, type Measure, type MeasureNeed, type Reading } from './measure.ts'

/** In both windows together. Below 6, not even 0 against all of them could differ from chance. */
const minIncidents = 10

const change = (needs: MeasureNeed): Measure => ({
  unit: 'change',
  ramp: 'diverging',
  isSum: false,
  minIncidents,
  needs,
  read: ({ count, before }): Reading => {
    if (before === null) return unknown
    const n = count + before
    if (n === 0) return { verdict: 'zero', value: null, n }
    const value = count / before
    if (n < minIncidents) return { verdict: 'few', value, n }
    // The conditional exact test of two Poisson counts of equally long windows.
    const isBeyondChance = binomialTest(count, n, 0.5) <= 0.05
    return { verdict: isBeyondChance ? 'value' : 'chance', value, n }
  },
  interval: ({ count, before }) =>
    before === null || count + before === 0 ? null : compareCounts(count, before),
})

export const periodChange = change('period_before')
export const yearChange = change('year_before')
