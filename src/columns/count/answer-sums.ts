import { noAskCounts, type AskCounts } from '../../domain/answers/satisfaction.ts'
import {
  answersOf,
  type RatingAnswers,
  type RatingRun,
} from '../../domain/answers/rating-columns.ts'

type Run = Pick<RatingRun, 'way' | 'isGenerated'>

/** Null for a byte that a newer server may send. */
function readByte(byte: number): RatingAnswers | null {
  try {
    return answersOf(byte)
  } catch {
    return null
  }
}
const meanings = Array.from({ length: 256 }, (_, byte) => readByte(byte))
const known = meanings.flatMap((answer, byte) => (answer ? [{ answer, byte }] : []))

/** The bytes whose answers are so, as 1 among 256. */
export const bytesWith = (isSo: (answer: RatingAnswers) => boolean): Uint8Array =>
  Uint8Array.from(meanings, (answer) => (answer && isSo(answer) ? 1 : 0))

function add(counts: AskCounts, answer: RatingAnswers, times: number, run: Run): void {
  const isCall = run.way === 'callback'
  if (isCall) counts.asked += times
  if (run.isGenerated) counts.generated += times
  switch (answer.outcome) {
    case 'waiting':
      counts.waiting += times
      return
    case 'refused':
      counts.refused += times
      return
    case 'not_reached':
      counts.notReached += times
      return
    case 'reached':
  }
  counts.answered += times
  if (isCall) counts.answeredByCall += times
  for (const name of ['responded', 'solved'] as const) {
    if (answer[name] === null) continue
    counts[name].of += times
    if (answer[name]) counts[name].yes += times
  }
  if (answer.satisfied !== null) counts.satisfied[answer.satisfied - 1]! += times
}

const kinds: readonly Run[] = [
  { way: 'link', isGenerated: false },
  { way: 'link', isGenerated: true },
  { way: 'callback', isGenerated: false },
  { way: 'callback', isGenerated: true },
]
const kindOf = ({ way, isGenerated }: Run): number =>
  (way === 'callback' ? 2 : 0) + (isGenerated ? 1 : 0)

/** Counts how often each byte stood in runs of each kind, and says at the end how that adds up. */
export class AnswerSums {
  readonly #byKind: Uint32Array[] = []

  /** By byte, to be counted up. */
  bytesOf(run: Run): Uint32Array {
    return (this.#byKind[kindOf(run)] ??= new Uint32Array(256))
  }

  get counts(): AskCounts {
    const counts = noAskCounts()
    for (const { byte, times, kind } of this.#found()) add(counts, meanings[byte]!, times, kind)
    return counts
  }

  get isEmpty(): boolean {
    return this.#found().length === 0
  }

  #found(): { byte: number; times: number; kind: Run }[] {
    return kinds.flatMap((kind, at) => {
      const bytes = this.#byKind[at]
      if (!bytes) return []
      return known.flatMap(({ byte }) =>
        bytes[byte]! > 0 ? [{ byte, times: bytes[byte]!, kind }] : [],
      )
    })
  }
}
