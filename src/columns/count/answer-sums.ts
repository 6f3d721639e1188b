import { noAskCounts, type AskCounts } from '../../domain/answers/satisfaction.ts'
import {
  answersOf,
  type RatingAnswers,
  type RatingRun,
} from '../../domain/answers/rating-columns.ts'

/** Of `AskCounts`, in a row of numbers. */
const fields = 16
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
/** 1 where the byte stands for something. */
export const isKnownByte = Uint8Array.from(meanings, (one) => (one ? 1 : 0))

function countOne(counts: AskCounts, answer: RatingAnswers, run: Run): void {
  const isCall = run.way === 'callback'
  if (isCall) counts.asked++
  if (run.isGenerated) counts.generated++
  switch (answer.outcome) {
    case 'waiting':
      counts.waiting++
      return
    case 'refused':
      counts.refused++
      return
    case 'not_reached':
      counts.notReached++
      return
    case 'reached':
  }
  counts.answered++
  if (isCall) counts.answeredByCall++
  for (const name of ['responded', 'solved'] as const) {
    if (answer[name] === null) continue
    counts[name].of++
    if (answer[name]) counts[name].yes++
  }
  if (answer.satisfied !== null) counts.satisfied[answer.satisfied - 1]!++
}

const toRow = (counts: AskCounts): number[] => [
  ...[counts.asked, counts.waiting, counts.refused, counts.notReached],
  ...[counts.answeredByCall, counts.answered, counts.generated],
  ...[counts.responded.yes, counts.responded.of, counts.solved.yes, counts.solved.of],
  ...counts.satisfied,
]
function fromRow(row: ArrayLike<number>): AskCounts {
  const [asked, waiting, refused, notReached, answeredByCall, answered, generated] = Array.from(row)
  return {
    ...{ asked: asked!, waiting: waiting!, refused: refused!, notReached: notReached! },
    ...{ answeredByCall: answeredByCall!, answered: answered!, generated: generated! },
    responded: { yes: row[7]!, of: row[8]! },
    solved: { yes: row[9]!, of: row[10]! },
    satisfied: [row[11]!, row[12]!, row[13]!, row[14]!, row[15]!],
  }
}

/** By byte: the fields that an answer of a run adds one to. */
export type RunFields = readonly Uint8Array[]
const fieldsOfKind = new Map<number, RunFields>()
export function runFields(run: Run): RunFields {
  const kind = (run.way === 'callback' ? 2 : 0) + (run.isGenerated ? 1 : 0)
  let found = fieldsOfKind.get(kind)
  if (!found) {
    found = meanings.map((answer) => {
      const counts = noAskCounts()
      if (answer) countOne(counts, answer, run)
      return Uint8Array.from(toRow(counts).flatMap((one, at) => (one > 0 ? [at] : [])))
    })
    fieldsOfKind.set(kind, found)
  }
  return found
}

/** `AskCounts` of many places, as one array: adding a row makes no object. */
export class AnswerSums {
  readonly #sums: Uint32Array
  readonly #isUsed: Uint8Array
  /** In the order of first use. */
  readonly #used: number[] = []

  constructor(places: number) {
    this.#sums = new Uint32Array(places * fields)
    this.#isUsed = new Uint8Array(places)
  }

  add(place: number, added: Uint8Array): void {
    if (this.#isUsed[place] === 0) {
      this.#isUsed[place] = 1
      this.#used.push(place)
    }
    const start = place * fields
    for (let at = 0; at < added.length; at++) this.#sums[start + added[at]!]!++
  }

  of(place: number): AskCounts {
    return fromRow(this.#sums.subarray(place * fields, (place + 1) * fields))
  }

  get entries(): [number, AskCounts][] {
    return this.#used.map((place) => [place, this.of(place)])
  }
}
