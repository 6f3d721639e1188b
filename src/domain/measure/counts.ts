import type { AreaFigures, Measure } from './measure.ts'

type Count = 'count' | 'open' | 'overdue' | 'within_day'

const counted = (figure: Count): Measure => ({
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

export const count = counted('count')
export const open = counted('open')
export const overdue = counted('overdue')
export const withinDay = counted('within_day')
