import { rankScores, type RankedScore } from '../../stats/rank-scores.ts'
import { wilson } from '../../stats/wilson.ts'
import { evaluateFormula, type NamedValue, type Score } from './evaluate.ts'
import type { Formula } from './parse.ts'

/** Fewest that a rate of the score must rest on for a rank. */
export const leastToRank = 10

export interface JudgedScore extends Score {
  key: string
  /** 95 % limits; null without a score. */
  low: number | null
  high: number | null
  /** The smallest denominator of the rates that it rests on; null where it rests on none. */
  least: number | null
  /** Null without a score, or on fewer than `leastToRank`. */
  rank: Omit<RankedScore, 'index'> | null
}

/**
 * Scores by a formula, ranked where they rest on enough: the ranked first and best first, then those too few to judge
 * and those not computable.
 *
 * The interval joins Wilson's limits of each rate: how far the score moves when one rate stands at its limits, the
 * squares added. It takes rates as independent and plain numbers as exact.
 */
export function judgeScores(
  formula: Formula,
  rows: readonly { key: string; values: ReadonlyMap<string, NamedValue> }[],
): JudgedScore[] {
  const judged = rows.map(({ key, values }): JudgedScore => {
    const score = evaluateFormula(formula, values)
    const rates = ratesOf(formula, values)
    const ns = rates.map(({ denominator }) => denominator)
    const limits = score.score === null ? null : limitsOf(formula, values, score.score)
    return {
      ...{ key, ...score, low: limits?.low ?? null, high: limits?.high ?? null },
      ...{ least: ns.length === 0 ? null : Math.min(...ns), rank: null },
    }
  })
  const isRanked = ({ score, least }: JudgedScore): boolean =>
    score !== null && (least === null || least >= leastToRank)
  const ranked = judged.filter(isRanked)
  const ranks = rankScores(
    ranked.map(({ score, low, high }) => ({ score: score!, low: low!, high: high! })),
  )
  return [
    ...ranks.map(({ index, ...rank }) => ({ ...ranked[index]!, rank })),
    ...judged.filter((one) => !isRanked(one)).toSorted(byScore),
  ]
}

const byScore = (a: JudgedScore, b: JudgedScore): number =>
  (b.score ?? Number.NEGATIVE_INFINITY) - (a.score ?? Number.NEGATIVE_INFINITY) ||
  (a.key < b.key ? -1 : 1)

/** Rates that the score rests on: without one of them there would be none. */
const ratesOf = (formula: Formula, values: ReadonlyMap<string, NamedValue>) =>
  formula.names.flatMap((name) => {
    const value = values.get(name)
    if (!value || !('numerator' in value)) return []
    const others = new Map(values)
    others.delete(name)
    return evaluateFormula(formula, others).score === null ? [{ name, ...value }] : []
  })

function limitsOf(
  formula: Formula,
  values: ReadonlyMap<string, NamedValue>,
  score: number,
): { low: number; high: number } {
  let [below, above] = [0, 0]
  for (const { name, numerator, denominator } of ratesOf(formula, values)) {
    const { low, high } = wilson(numerator, denominator)
    const moved = [low!, high!].flatMap((value) => {
      const at = evaluateFormula(formula, new Map(values).set(name, { value })).score
      return at === null ? [] : [at - score]
    })
    below = Math.hypot(below, Math.min(0, ...moved))
    above = Math.hypot(above, Math.max(0, ...moved))
  }
  return { low: score - below, high: score + above }
}
