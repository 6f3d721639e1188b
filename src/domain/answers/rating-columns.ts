import type { LocalMonth } from '../vocabulary.ts'

export const ratingWays = ['callback', 'link'] as const
export type RatingWay = (typeof ratingWays)[number]

export const askOutcomes = ['reached', 'waiting', 'refused', 'not_reached'] as const
/** `reached`: there is an answer. */
export type AskOutcome = (typeof askOutcomes)[number]

/** Rows that stand together share these. */
export interface RatingRun {
  department: string | null
  way: RatingWay
  /** By a granted appeal. */
  isExempt: boolean
  /** By the demo's script. */
  isGenerated: boolean
  count: number
  /** Rows of the closing's first to last day of the month, in this order; 31 numbers. */
  days: readonly number[]
}

/**
 * Closings of one month that were asked about or rated, in runs. Columns are base64; together four bytes
 * a row.
 */
export interface PackedRatings {
  /** Of the closing, by the city's clock. */
  month: LocalMonth
  /** Equal within a scope when the contents are equal. */
  revision: string
  count: number
  runs: readonly RatingRun[]
  /** u16, two planes, high bytes first: `Area.idx`. */
  area: string
  /** u8: `Category.idx`. */
  category: string
  /** u8: see {@link answersOf}. */
  answer: string
}

export interface RatingAnswers {
  outcome: AskOutcome
  /** Null: not said. */
  responded: boolean | null
  solved: boolean | null
  /** 1 to 5. */
  satisfied: number | null
}

const notAnswered: Readonly<Record<number, AskOutcome>> = {
  128: 'waiting',
  129: 'refused',
  130: 'not_reached',
}
const flags = [null, false, true, null] as const

/**
 * Bits 0 to 2 hold the satisfaction, 3 and 4 the response, 5 and 6 the solution: 0 not said, 1 no, 2 yes.
 * With bit 7 nobody answered.
 * @throws RangeError for a byte that stands for nothing
 */
export function answersOf(byte: number): RatingAnswers {
  const unanswered = notAnswered[byte]
  if (unanswered) return { outcome: unanswered, responded: null, solved: null, satisfied: null }
  const satisfied = byte & 7
  if (byte > 127 || satisfied > 5) throw new RangeError(`${byte} is no answer`)
  return {
    outcome: 'reached',
    responded: flags[(byte >> 3) & 3]!,
    solved: flags[(byte >> 5) & 3]!,
    satisfied: satisfied || null,
  }
}
