import { unknown, type AreaFigures, type Measure, type Reading } from './measure.ts'

/** Below, the standard error of a Poisson count exceeds 45 % of it. */
const minIncidents = 5
/** A park's three households would top every map. */
export const minHouseholds = 50

const rate = {
  unit: 'rate',
  ramp: 'sequential',
  isSum: false,
  minIncidents,
} as const

function readRate(count: number, base: number, isBaseLarge: boolean): Reading {
  const value = count / base
  const verdict = count === 0 ? 'zero' : count < minIncidents || !isBaseLarge ? 'few' : 'value'
  return { verdict, value, n: count, interval: null }
}

/** Incidents ÷ households × 1,000. */
export const perHouseholds: Measure = {
  ...rate,
  needs: null,
  read: ({ count, households }: AreaFigures) =>
    households
      ? readRate(count, households / 1000, households >= minHouseholds)
      : { ...unknown, n: count },
}

/** Incidents ÷ square kilometres. */
export const perKm2: Measure = {
  ...rate,
  needs: 'shapes',
  read: ({ count, squareKm }: AreaFigures) =>
    squareKm ? readRate(count, squareKm, true) : { ...unknown, n: count },
}
