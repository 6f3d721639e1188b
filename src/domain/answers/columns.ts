import type { BoundingBox, LocalMonth } from '../vocabulary.ts'

/**
 * Columns are base64, in order of the report's wall clock. Two-byte values are two planes (high
 * bytes, then low bytes), which compress better.
 */
export interface PackedMonth {
  month: LocalMonth
  /** Equal within a scope when the contents are equal. */
  revision: string
  count: number
  /**
   * u16: minutes since the previous incident, the first since the month's start. Saves 0.4 bytes an
   * incident.
   */
  minute: string
  /** u16: whole hours to close, rounded down; 65535 = not closed; capped at 65534. */
  hours: string
  /** u16: `Area.idx` of the deepest area. */
  area: string
  /** u8: `Category.idx`. */
  category: string
  /** u8: low nibble index in `stages`, high nibble `incidentFlags`. */
  stage: string
  /** u8: months from report to close; 255 = not closed; capped at 254. */
  closedMonth: string
  /** u16: `round((lon - west) / (east - west) * 65535)`. */
  x: string
  /** u16: likewise from the south. */
  y: string
  /**
   * u24, three planes, one value for each open incident in order: minutes from a day before the
   * report's wall clock, read as UTC, to the first minute at which it is overdue. 0: no deadline,
   * or on hold. Most incidents are closed, and a report's own limit is the same number each time:
   * about 0.4 bytes an incident.
   */
  due: string
}

export const notClosedHours = 65_535
export const notClosedMonth = 255
export const quantum = 65_535
/** Added to due minutes: a wall clock may be ahead of UTC. */
export const dueBias = 1440

/** SQL keeps the same place, so counts agree. */
export function quantise(value: number, low: number, high: number): number {
  const scaled = Math.round(((value - low) / (high - low)) * quantum)
  return Math.min(quantum, Math.max(0, scaled))
}

export function quantiseBox(box: BoundingBox, city: BoundingBox): [number, number, number, number] {
  return [
    quantise(box[0], city[0], city[2]),
    quantise(box[1], city[1], city[3]),
    quantise(box[2], city[0], city[2]),
    quantise(box[3], city[1], city[3]),
  ]
}
