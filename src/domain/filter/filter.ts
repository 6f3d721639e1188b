import type { BoundingBox, LocalDay, Stage } from '../vocabulary.ts'
import type { DueChoice } from './due.ts'

/** A quantised place: `quantise` of longitude and latitude. */
export type QuantisedPoint = readonly [x: number, y: number]
export const maxExceptPoints = 20

/** Lives in the URL; an empty list means all. */
export interface IncidentFilter {
  /** Inclusive, in the city's time zone; null is all time. */
  period: { from: LocalDay; to: LocalDay } | null
  /** Codes of any level. */
  areas: string[]
  /** Codes of any level. */
  categories: string[]
  stages: Stage[]
  /** Excludes closed, rejected and merged. */
  openOnly: boolean
  /** On hold (挂账). */
  onHoldOnly: boolean
  /** Deadlines of open incidents that are not on hold. */
  due: DueChoice[]
  /** While "in view" is on. */
  bbox: BoundingBox | null
  /** Incidents on these points are left out; a geocoder's fallback, perhaps. At most `maxExceptPoints`. */
  exceptPoints: QuantisedPoint[]
}

export const emptyFilter = (): IncidentFilter => ({
  period: null,
  areas: [],
  categories: [],
  stages: [],
  openOnly: false,
  onHoldOnly: false,
  due: [],
  bbox: null,
  exceptPoints: [],
})
