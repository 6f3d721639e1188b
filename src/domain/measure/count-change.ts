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
