/** Working time after an instant, as the server's calendar has it; instants are ISO 8601. */
export interface WorkAhead {
  /** Nothing is known beyond. */
  until: string
  /** In order; they do not overlap. */
  spans: readonly (readonly [from: string, to: string])[]
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
