import { benjaminiHochberg } from './correct.ts'
import { normalTail } from './normal.ts'
import { z95 } from './wilson.ts'

/** A score with its 95 % limits. */
export interface ScoreInterval {
  score: number
  low: number
  high: number
}

export interface RankedScore {
  /** Place in the list given. */
  index: number
  /** From 1. Entries of one tie group are not distinguishable from each other. */
  group: number
  /** Best rank that the data allow: 1 + entries that are clearly better. */
  best: number
  /** Worst rank that the data allow: all − entries that are clearly worse. */
  worst: number
}

/**
 * Ranks scores and says which differences are more than chance, best first. A difference d has the limits
 * d − √((s₁ − l₁)² + (u₂ − s₂)²) and likewise above, as of independent estimates; p is that of the normal
 * distribution with the half towards 0 as z95 standard errors, corrected over all pairs (Benjamini–Hochberg).
 *
 * Tie groups are those of `rankShares`: a group goes on as long as the next entry is clearly different from none
 * of it.
 *
 * Source: G. Y. Zou, A. Donner, Statistics in Medicine 27 (2008), for the limits.
 * @param q share of false alarms among the pairs called different
 */
export function rankScores(entries: readonly ScoreInterval[], q = 0.05): RankedScore[] {
  const order = entries.map((_, index) => index)
  order.sort((a, b) => entries[b]!.score - entries[a]!.score || a - b)
  const size = order.length
  const p = new Float64Array((size * (size - 1)) / 2)
  // Pair (a, b) with a < b stands at b(b − 1)/2 + a; a has the higher score.
  for (let b = 1, pair = 0; b < size; b++)
    for (let a = 0; a < b; a++) p[pair++] = differenceP(entries[order[a]!]!, entries[order[b]!]!)
  const adjusted = benjaminiHochberg(p)
  const isClear = (a: number, b: number): boolean =>
    a < b ? adjusted[(b * (b - 1)) / 2 + a]! < q : b < a && isClear(b, a)
  let [group, start] = [0, 0]
  return order.map((index, at): RankedScore => {
    let [better, worse, leaves] = [0, 0, at === 0]
    for (let other = 0; other < size; other++) {
      if (!isClear(at, other)) continue
      if (other < at) better++
      else worse++
      if (other >= start && other < at) leaves = true
    }
    if (leaves) [group, start] = [group + 1, at]
    return { index, group, best: 1 + better, worst: size - worse }
  })
}

/** Two-sided, of a first score that is not lower; 1 without a difference. */
function differenceP(first: ScoreInterval, second: ScoreInterval): number {
  const difference = first.score - second.score
  if (difference <= 0) return 1
  const half = Math.hypot(first.score - first.low, second.high - second.score)
  if (half === 0) return 0
  return Math.min(1, 2 * normalTail((z95 * difference) / half))
}
