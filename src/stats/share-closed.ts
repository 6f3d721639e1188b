import { wilson, type Share } from './wilson.ts'

export interface ShareClosed extends Share {
  /** Left out, closed or not: reported too recently for the time to have run out. */
  tooRecent: number
}

/**
 * The share closed within `withinHours` of the report, with Wilson's interval. Only incidents whose
 * time has run out by `asOf` are counted. Counting recent ones that are closed already, but not those
 * still open, would flatter every fresh month.
 * @param hours whole hours from report to close, rounded down: "within 24 hours" is `hours < 24`;
 * read where `closed`
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
