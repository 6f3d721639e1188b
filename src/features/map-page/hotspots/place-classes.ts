import type { RepeatedPlace } from '@/domain/answers/repeat-places.ts'

/** Places by their number of incidents. */
export interface PlaceClass {
  from: number
  /** Null: no end. */
  to: number | null
  places: number
  incidents: number
}

/** Fixed by the least number, so that two maps compare; the first class begins there. */
export function placeClasses(
  list: readonly Pick<RepeatedPlace, 'count'>[],
  least: number,
): PlaceClass[] {
  const starts = [least, ...[5, 10, 20, 50].filter((start) => start > least)]
  return starts.map((from, at) => {
    const to = starts[at + 1]
    const own = list.filter(({ count }) => count >= from && (to === undefined || count < to))
    return {
      from,
      to: to === undefined ? null : to - 1,
      places: own.length,
      incidents: own.reduce((sum, { count }) => sum + count, 0),
    }
  })
}
