import { wilson, type Share } from './wilson.ts'

export interface ShareClosed extends Share {
  /** Reported less than `withinHours` ago, closed or not. */
  tooRecent: number
}

/**
 * Leaves out recent reports: counting only their closed ones would flatter fresh months.
 * @param hours whole hours from report to close, rounded down; read where `closed`
 * @param ageHours hours from report to `asOf`
 */
export function shareClosedWithin(
  hours: ArrayLike<number>,
  closed: ArrayLike<number>,
  ageHours: ArrayLike<number>,
  withinHours: number,
  start = 0,
  end = hours.length,
): ShareClosed {
  let count = 0
  let n = 0
  for (let i = start; i < end; i++) {
    if (ageHours[i]! < withinHours) continue
    n++
    if (closed[i] && hours[i]! < withinHours) count++
  }
  return { ...wilson(count, n), tooRecent: end - start - n }
}
