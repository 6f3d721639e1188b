import type { AreaFigures, Measure } from './measure.ts'

type Count = 'count' | 'open' | 'overdue' | 'within_day'

const countMeasure = (figure: Count): Measure => ({
  unit: 'incidents',
  ramp: 'sequential',
  isSum: true,
  minIncidents: 0,
  needs: null,
  read: ({ [figure]: n }: AreaFigures) => ({
    verdict: n > 0 ? 'value' : 'zero',
    value: n,
    n,
  }),
  interval: () => null,
})

export const count = countMeasure('count')
export const open = countMeasure('open')
export const overdue = countMeasure('overdue')
export const withinDay = countMeasure('within_day')
