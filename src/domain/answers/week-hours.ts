/** Reports by hour of the week, in the city's wall time. */
export interface WeekHours {
  /** 7 × 24, Monday 0:00 first. */
  counts: Uint32Array
  total: number
}
