import type { BoundingBox, LocalMonth } from '../vocabulary.ts'

/**
 * One month of incidents from `incident_columns`. Each column holds one value an incident, ordered
 * by the report's local wall clock, base64 without line breaks. Two-byte values come as two planes,
 * `count` high bytes then `count` low bytes: planes compress better.
 */
export interface PackedMonth {
  month: LocalMonth
  /** Opaque; equal within a scope when the contents are equal. */
  revision: string
  count: number
  /**
   * u16: minutes since the incident before, the first since the month's start, local wall clock.
   * Steps save 0.4 bytes an incident over the demo city.
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

/** The quantised place as SQL computes it, so that counts agree. Clamped to the box. */
export function quantise(value: number, low: number, high: number): number {
  const scaled = Math.round(((value - low) / (high - low)) * quantum)
  return Math.min(quantum, Math.max(0, scaled))
}

/** The middle of a quantised place, in degrees. */
export const dequantise = (value: number, low: number, high: number): number =>
  low + (value / quantum) * (high - low)

/** Quantised places within a box, both ends included: `[minX, minY, maxX, maxY]`. */
export function quantiseBox(box: BoundingBox, city: BoundingBox): [number, number, number, number] {
  return [
    quantise(box[0], city[0], city[2]),
    quantise(box[1], city[1], city[3]),
    quantise(box[2], city[0], city[2]),
    quantise(box[3], city[1], city[3]),
  ]
}
