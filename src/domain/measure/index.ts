import { periodChange, yearChange } from './change.ts'
import { count, open, overdue, withinDay } from './counts.ts'
import type { Measure } from './measure.ts'
import { median } from './median.ts'
import { perHouseholds, perKm2 } from './rates.ts'
import { smoothedByAll, smoothedByNeighbours } from './smoothed.ts'

/** Lists every measure that colours the map and orders its areas; the URL names them so. */
export const measures = {
  count,
  per_households: perHouseholds,
  smoothed: smoothedByAll,
  smoothed_near: smoothedByNeighbours,
  per_km2: perKm2,
  open,
  overdue,
  within_day: withinDay,
  median,
  period_change: periodChange,
  year_change: yearChange,
} satisfies Record<string, Measure>

export type AreaMeasure = keyof typeof measures
export const areaMeasures = Object.keys(measures) as AreaMeasure[]

export const measureOf = (name: AreaMeasure): Measure => measures[name]

/** Says more than where many live: by households where most of the shown areas know theirs. */
export function usualMeasure(areas: readonly { households: number | null }[]): AreaMeasure {
  const known = areas.filter(({ households }) => households).length
  return known > 0 && known * 2 >= areas.length ? 'per_households' : 'per_km2'
}
