import { rateNames, type Fraction, type RateName } from '../answers/rates.ts'
import type { NamedValue } from './evaluate.ts'
import { tokensOf } from './tokens.ts'
import { FormulaError } from './fault.ts'

/** Boards by the kind that is judged: areas, departments, people at the desk by their steps, and field staff. */
export const boards = ['areas', 'departments', 'posts', 'field_staff'] as const
export type Board = (typeof boards)[number]

/** Answers of residents, as shares. */
export const answerNames = ['responded', 'solved', 'satisfied'] as const
/** Answered ÷ called: stands beside the answers' shares, and is in no formula. */
export const responseName = 'answered'
/** Past its time and not handled ÷ due to handle. */
export const pendingName = 'overdue_pending'
/** Of people alone: dispatched ÷ dispatched, without those that the department gave back. */
export const accurateName = 'dispatch_accurate'
/** Plain numbers. Places with five repeats or more; inhabitants by households. */
export const plainNames = ['repeat_places', 'households'] as const

export type ScoreName =
  | RateName
  | (typeof answerNames)[number]
  | typeof pendingName
  | typeof accurateName
  | (typeof plainNames)[number]

/** Names that a formula of the board may use, the same as the server's. There is none for how many somebody reported. */
export const scoreNames: Readonly<Record<Board, readonly ScoreName[]>> = {
  areas: [...rateNames, pendingName, ...answerNames, ...plainNames],
  departments: [...rateNames, pendingName, ...answerNames, 'repeat_places'],
  posts: [
    ...(['filing_in_time', 'dispatch_in_time', accurateName] as const),
    ...(['verifying_in_time', 'checking_in_time'] as const),
  ],
  field_staff: ['valid', 'verifying_in_time', 'checking_in_time'],
}

/** Chinese for `and` and `or`, which the server knows in English alone. */
export const chineseWords = [
  ['\u4e14', 'and'],
  ['\u6216', 'or'],
] as const

export const isAnswerName = (name: string): boolean =>
  (answerNames as readonly string[]).includes(name)

/** Key of the message that names it. */
export const scoreNameKey = (name: string): string =>
  (rateNames as readonly string[]).includes(name) ? `rates.name.${name}` : `evaluation.name.${name}`

/** As the server sends them: a pair is a rate, a number is itself. */
export type WireValues = Readonly<Record<string, number | readonly [number, number]>>

export const valuesFromWire = (values: WireValues): Map<string, NamedValue> =>
  new Map(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'number'
        ? { value }
        : ({ numerator: value[0], denominator: value[1] } satisfies Fraction),
    ]),
  )

/**
 * A formula with its names written otherwise: for the screen in the reader's language, for the server by their keys.
 * Words that the map lacks stay; so does a text that cannot be read.
 */
export function renameIn(text: string, names: ReadonlyMap<string, string>): string {
  try {
    let [result, at] = ['', 0]
    for (const { kind, text: word, start, end } of tokensOf(text)) {
      if (kind !== 'name') continue
      result += text.slice(at, start) + (names.get(word) ?? word)
      at = end
    }
    return result + text.slice(at)
  } catch (error) {
    if (error instanceof FormulaError) return text
    throw error
  }
}
