/**
 * Work that pauses between parts, so that a worker can answer other questions meanwhile. A pause
 * tells the share that is done, from 0 to 1; it never falls.
 */
export type InParts<Answer> = Generator<number, Answer, undefined>

/** So many points that are read once make a part: some milliseconds. */
export const pointsPerPart = 32_768
/** So many pairs of points that are compared make a part: some milliseconds. */
export const pairsPerPart = 262_144

/** Does all parts at once. */
export function finish<Answer>(parts: InParts<Answer>): Answer {
  for (;;) {
    const { done, value } = parts.next()
    if (done) return value
  }
}

/** Does the parts of work that is the share `from … to` of a larger one. */
export function* within<Answer>(parts: InParts<Answer>, from: number, to: number): InParts<Answer> {
  for (;;) {
    const { done, value } = parts.next()
    if (done) return value
    yield from + (to - from) * value
  }
}

/** Visits 0 … n − 1 in ranges of `size`, with a pause before each. */
export function* eachRange(
  n: number,
  visit: (from: number, to: number) => void,
  size = pointsPerPart,
): InParts<void> {
  for (let from = 0; from < n; from += size) {
    yield from / n
    visit(from, Math.min(n, from + size))
  }
}
