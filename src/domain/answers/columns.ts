import type { BoundingBox, LocalMonth } from '../vocabulary.ts'

/**
 * One month of incidents as `incident_columns` sends it. Every column holds one value for each
 * incident, ordered by the report's wall clock, as base64 without line breaks. Two-byte values are two
 * byte planes (`count` high bytes, then `count` low bytes), which compress better.
 */
export interface PackedMonth {
  month: LocalMonth
  /** Opaque; equal within a scope when the contents are equal. */
  revision: string
  count: number
  /**
   * u16: minutes since the incident before, the first one since the month's start, wall clock. Steps
   * save 0.4 bytes an incident over the demo city's months.
   */
  minute: string
  /** u16: whole hours from report to close, rounded down; 65535 = not closed; capped at 65534. */
  hours: string
  /** u16: `Area.idx` of the deepest area that holds the point. */
  area: string
  /** u8: `Category.idx`. */
  category: string
  /** u8: low nibble the index in `stages`, high nibble `incidentFlags`. */
  stage: string
  /** u8: months from the report month to the closing month, local; 255 = not closed; capped at 254. */
  closedMonth: string
  /** u16: place from west to east, `round((lon - west) / (east - west) * 65535)` on the city's box. */
  x: string
  /** u16: place from south to north, likewise. */
  y: string
}

export const notClosedHours = 65_535
export const notClosedMonth = 255
export const quantum = 65_535

/** SQL keeps the same quantised place, so counts agree. Clamped to the box. */
export function quantise(value: number, low: number, high: number): number {
  const scaled = Math.round(((value - low) / (high - low)) * quantum)
  return Math.min(quantum, Math.max(0, scaled))
}

/** A box in quantised places, both ends inclusive: `[minX, minY, maxX, maxY]`. */
export function quantiseBox(box: BoundingBox, city: BoundingBox): [number, number, number, number] {
  return [
    quantise(box[0], city[0], city[2]),
    quantise(box[1], city[1], city[3]),
    quantise(box[2], city[0], city[2]),
    quantise(box[3], city[1], city[3]),
  ]
}
