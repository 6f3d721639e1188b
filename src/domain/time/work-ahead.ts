/** Working time after an instant, as the server's calendar has it; instants are ISO 8601. */
export interface WorkAhead {
  /** Nothing is known beyond. */
  until: string
  /** In order; they do not overlap. */
  spans: readonly (readonly [from: string, to: string])[]
}

/** Working time between two instants. */
export interface WorkSpans extends WorkAhead {
  /** Nothing is known before. */
  from: string
}

/** Milliseconds; null when a part of it is not known. Both are epoch milliseconds, `to` not earlier. */
export function workBetween(known: WorkSpans, from: number, to: number): number | null {
  if (from < Date.parse(known.from) || to > Date.parse(known.until)) return null
  return workMilliseconds(known, from, to)
}

/**
 * Working milliseconds from one instant to a later one, both epoch milliseconds and within the
 * time ahead.
 */
export function workMilliseconds({ spans }: WorkAhead, from: number, to: number): number {
  return spans.reduce((sum, [start, end]) => {
    const worked = Math.min(to, Date.parse(end)) - Math.max(from, Date.parse(start))
    return sum + Math.max(0, worked)
  }, 0)
}
