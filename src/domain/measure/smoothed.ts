import { unknown, type Measure, type MeasureNeed } from './measure.ts'

/**
 * Incidents per 1,000 households, drawn towards the rate of all areas or of an area's neighbours the
 * more, the fewer households stand behind (empirical Bayes, Marshall 1991). So no number is too few.
 */
const smoothed = (needs: MeasureNeed): Measure => ({
  unit: 'rate',
  ramp: 'sequential',
  isSum: false,
  minIncidents: 0,
  needs,
  read({ count, smoothed: found }) {
    if (!found) return { ...unknown, n: count }
    const { perHouseholds } = found
    return { verdict: perHouseholds > 0 ? 'value' : 'zero', value: perHouseholds, n: count }
  },
  interval: () => null,
})

export const smoothedByAll = smoothed('smoothed_by_all')
export const smoothedByNeighbours = smoothed('smoothed_by_neighbours')
