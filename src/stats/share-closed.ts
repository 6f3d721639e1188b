import { wilson, type Share } from './wilson.ts'

/** The share closed within a time, with who could not be judged yet. */
export interface ShareClosed extends Share {
  /** Reported too recently for the time to have run out; closed early or not, they are left out. */
  tooRecent: number
}

/**
 * The share closed within `withinHours` of being reported. Only incidents whose time has run out by
 * `asOf` are counted: taking in recent ones that happen to be closed already, but not recent ones
 * still open, would flatter every fresh month. Interval by Wilson.
 * @param hours whole hours from report to close, read where `closed`; rounded down, so that
 * "within 24 hours" is `hours < 24`
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
