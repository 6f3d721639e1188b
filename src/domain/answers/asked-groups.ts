import { benjaminiHochberg } from '../../stats/correct.ts'
import { shareDifference, shareDifferenceP } from '../../stats/proportion.ts'
import { wilson, type Share } from '../../stats/wilson.ts'
import { answersToJudge } from './satisfaction.ts'

export const askedBy = ['took', 'area', 'category', 'channel'] as const
export type AskedBy = (typeof askedBy)[number]

/** From report to closing: under 1, 7 and 30 days, and more. */
export const tookGroups = ['day', 'week', 'month', 'longer'] as const

/** Closings of call-backs that were called; `reached` holds refusals, and those who answered. */
export interface AskedCounts {
  called: number
  reached: number
  answered: number
}

export interface JudgedGroup<Group extends AskedCounts = AskedCounts> {
  group: Group
  /** Answered of those called, with Wilson's 95 % interval. */
  rate: Share
  /** From 0 to 1; null where nobody was called, or nobody answered. */
  shareOfCalled: number | null
  shareOfAnswers: number | null
  /** Its rate minus that of all other groups together, with Newcombe's 95 % interval. */
  low: number | null
  high: number | null
  difference: number | null
  /** Null: too few were called to judge. */
  lean: 'fewer' | 'more' | 'none' | null
}

/** Two-sided, after Benjamini and Hochberg over the groups that can be judged. */
const level = 0.05

/**
 * Compares the rate of answers of each group with that of all others together. A group leans where
 * the difference is clear after correction for the number of groups.
 * @throws RangeError where more answered than were called
 */
export function judgeAsked<Group extends AskedCounts>(
  groups: readonly Group[],
): JudgedGroup<Group>[] {
  const called = groups.reduce((sum, one) => sum + one.called, 0)
  const answered = groups.reduce((sum, one) => sum + one.answered, 0)
  const pairs = groups.map((one) => ({
    own: { count: one.answered, n: one.called },
    rest: { count: answered - one.answered, n: called - one.called },
  }))
  const judgeable = pairs.map(({ own, rest }) =>
    Math.min(own.n, rest.n) >= answersToJudge.least ? 1 : 0,
  )
  const p = benjaminiHochberg(
    pairs.map(({ own, rest }, at) => (judgeable[at] ? shareDifferenceP(own, rest) : 1)),
    judgeable,
  )
  return groups.map((group, at) => {
    const { own, rest } = pairs[at]!
    const between = shareDifference(own, rest)
    const side = (between.difference ?? 0) < 0 ? 'fewer' : 'more'
    return {
      group,
      rate: wilson(own.count, own.n),
      shareOfCalled: called > 0 ? own.n / called : null,
      shareOfAnswers: answered > 0 ? own.count / answered : null,
      ...between,
      lean: judgeable[at] ? (p[at]! < level ? side : 'none') : null,
    }
  })
}

/** The `most` groups with the most called, in their order; `others` makes one of all that are left. */
export function mostCalled<Group extends AskedCounts>(
  groups: readonly Group[],
  most: number,
  others: (counts: AskedCounts, left: number) => Group,
): Group[] {
  if (groups.length <= most) return [...groups]
  const sorted = groups.toSorted((a, b) => b.called - a.called)
  const left = sorted.slice(most - 1)
  const sum = (name: keyof AskedCounts): number => left.reduce((all, one) => all + one[name], 0)
  return [
    ...sorted.slice(0, most - 1),
    others(
      { called: sum('called'), reached: sum('reached'), answered: sum('answered') },
      left.length,
    ),
  ]
}
