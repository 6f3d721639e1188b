import type { BoundingBox, LocalDay, Stage } from '../vocabulary.ts'

/**
 * The one filter that map, charts, list and statistics are projections of.
 * It lives in the URL; an empty list means "all".
 */
export interface IncidentFilter {
  /** Report days, both inclusive, in the city's time zone; null is all time. */
  period: { from: LocalDay; to: LocalDay } | null
  /** Area codes of any level; an incident passes when it lies in one of them. */
  areas: string[]
  /** Category codes of any level; an incident passes when it belongs to one of them. */
  categories: string[]
  stages: Stage[]
  /** Leave out what is closed, rejected or merged. */
  openOnly: boolean
  /** Only incidents put on hold (挂账). */
  onHoldOnly: boolean
  /** The map's box while "in view" is on. */
  bbox: BoundingBox | null
}

export const emptyFilter = (): IncidentFilter => ({
  period: null,
  areas: [],
  categories: [],
  stages: [],
  openOnly: false,
  onHoldOnly: false,
  bbox: null,
})
