import type { BoundingBox, LocalDay, Stage } from '../vocabulary.ts'

/**
 * The one filter of map, charts, list and statistics. It lives in the URL; an empty list means all.
 */
export interface IncidentFilter {
  /** Report days, both included, in the city's time zone; null is all time. */
  period: { from: LocalDay; to: LocalDay } | null
  /** Codes of any level. */
  areas: string[]
  /** Codes of any level. */
  categories: string[]
  stages: Stage[]
  /** Leaves out closed, rejected and merged incidents. */
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
