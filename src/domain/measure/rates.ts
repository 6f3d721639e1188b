import { poissonInterval } from '../../stats/poisson.ts'
import { unknown, type AreaFigures, type Measure, type Reading } from './measure.ts'

/** Below, the standard error of a Poisson count exceeds 45 % of it. */
const minIncidents = 5
/** A park's three households would top every map. */
export const minHouseholds = 50

/** Of a Poisson count over what it is divided by. */
function rate(
  needs: Measure['needs'],
  baseOf: (figures: AreaFigures) => number | null,
  isBaseLarge: (figures: AreaFigures) => boolean,
): Measure {
  return {
    unit: 'rate',
    ramp: 'sequential',
    isSum: false,
    minIncidents,
    needs,
    read(figures): Reading {
      const { count } = figures
      const base = baseOf(figures)
      if (!base) return { ...unknown, n: count }
      const isFew = count < minIncidents || !isBaseLarge(figures)
      const verdict = count === 0 ? 'zero' : isFew ? 'few' : 'value'
      return { verdict, value: count / base, n: count }
    },
    interval(figures) {
      const base = baseOf(figures)
      if (!base) return null
      const { low, high } = poissonInterval(figures.count)
      return { low: low / base, high: high / base }
    },
  }
}

/** Incidents ÷ households × 1,000. */
export const perHouseholds = rate(
  null,
  ({ households }) => households && households / 1000,
  ({ households }) => households! >= minHouseholds,
)

/** Incidents ÷ square kilometres. */
export const perKm2 = rate(
  'shapes',
  ({ squareKm }) => squareKm,
  () => true,
)
