import { compareCounts } from '../../stats/change.ts'

export interface CountChange {
  before: number
  /** Now ÷ before. `new`: nothing was counted before; `few`: too few to differ from chance. */
  verdict: 'none' | 'new' | 'few' | 'ratio'
  ratio: number | null
  /** The 95 % interval of the ratio; null where it is not told. `high` null: no upper limit. */
  interval: { low: number; high: number | null } | null
  /** Surely more or fewer, or nothing that is more than chance. */
  tone: 'up' | 'down' | 'chance'
}

/** Fewer in both windows together could not differ from chance: 6 against 0 have p = 0.03. */
const fewest = 6

/**
 * Orders changes: sure increases above all that may be chance, sure decreases below. Too few to judge lie in
 * the middle.
 */
export function changeHeight(now: number, before: number): number {
  const { verdict, tone } = countChange(now, before)
  if (verdict === 'none' || verdict === 'few') return 0
  const doublings = Math.max(-100, Math.min(100, Math.log2(now / before)))
  return tone === 'chance' ? doublings : doublings + Math.sign(doublings) * 1000
}

/** Two counts of equally long windows: the conditional exact test of two Poisson counts. */
export function countChange(now: number, before: number): CountChange {
  const { ratio, low, high, p } = compareCounts(now, before)
  const n = now + before
  const isFew = n < fewest
  return {
    before,
    verdict: n === 0 ? 'none' : isFew ? 'few' : ratio === null ? 'new' : 'ratio',
    ratio,
    interval: isFew ? null : { low, high },
    tone: isFew || p > 0.05 ? 'chance' : now > before ? 'up' : 'down',
  }
}
