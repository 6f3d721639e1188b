/** Work that pauses between parts, so that a worker can answer other questions meanwhile. */
export type InParts<Answer> = Generator<undefined, Answer, undefined>

/** Does all parts at once. */
export function finish<Answer>(parts: InParts<Answer>): Answer {
  for (;;) {
    const { done, value } = parts.next()
    if (done) return value
  }
}
