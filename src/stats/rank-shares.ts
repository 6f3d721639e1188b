import { shrunkenShares } from './beta-binomial.ts'
import { benjaminiHochberg } from './correct.ts'
import { normalQuantile } from './normal.ts'
import { shareDifferenceP } from './proportion.ts'
import { wilson, type Share } from './wilson.ts'

export interface RankedShare extends Share {
  /** Place in the arrays given. */
  index: number
  /** Drawn towards the share of all; orders the ranking. */
  shrunken: number
  shrunkenLow: number
  shrunkenHigh: number
  /** From 1. Entries of one tie group are not distinguishable from each other. */
  group: number
  /** Best rank that the data allow: 1 + entries that are clearly better. */
  best: number
  /** Worst rank that the data allow: all − entries that are clearly worse. */
  worst: number
}

export interface SharesRanking {
  /** Best first. */
  ranked: RankedShare[]
  /** Places of those with fewer answers than `least`: they have no rank, not the last one. */
  tooFew: number[]
}

export interface RankOptions {
  /** Fewest answers to be ranked. Default 10. */
  least?: number
  /** Share of false alarms among the pairs called different. Default 0.05. */
  q?: number
  /** Default true. */
  moreIsBetter?: boolean
}

/**
 * Ranks shares and says which differences are more than chance. Two entries are clearly different
 * when p of Newcombe's interval, corrected over all pairs (Benjamini–Hochberg), is below q.
 *
 * Tie groups: entries are ordered by their shrunken share. A group goes on as long as the next entry
 * is clearly different from none of it, so no group holds a clear difference. The last of one group
 * and the first of the next may still be indistinguishable: `best` and `worst` tell.
 *
 * @throws RangeError unless 0 ≤ count ≤ n, all whole
 */
export function rankShares(
  counts: ArrayLike<number>,
  ns: ArrayLike<number>,
  { least = 10, q = 0.05, moreIsBetter = true }: RankOptions = {},
): SharesRanking {
  const { shares, low, high } = shrunkenShares(counts, ns)
  const tooFew: number[] = []
  const order: number[] = []
  for (let i = 0; i < ns.length; i++) (ns[i]! >= Math.max(1, least) ? order : tooFew).push(i)
  const sign = moreIsBetter ? 1 : -1
  const raw = (i: number): number => counts[i]! / ns[i]!
  order.sort(
    (a, b) =>
      sign * (shares[b]! - shares[a]!) || sign * (raw(b) - raw(a)) || ns[b]! - ns[a]! || a - b,
  )
  const isClear = clearPairs(order, counts, ns, q)
  const size = order.length
  let group = 0
  let groupStart = 0
  const ranked = order.map((index, at): RankedShare => {
    let better = 0
    let worse = 0
    let leaves = at === 0
    for (let other = 0; other < size; other++) {
      if (!isClear(at, other)) continue
      if (sign * (raw(order[other]!) - raw(index)) > 0) better++
      else worse++
      if (other >= groupStart && other < at) leaves = true
    }
    if (leaves) {
      group++
      groupStart = at
    }
    return {
      ...wilson(counts[index]!, ns[index]!),
      index,
      shrunken: shares[index]!,
      shrunkenLow: low[index]!,
      shrunkenHigh: high[index]!,
      group,
      best: 1 + better,
      worst: size - worse,
    }
  })
  return { ranked, tooFew }
}

/** Newcombe's interval leaves out 0, or all but touches it. Without answers nothing differs. */
function mayDiffer(a: Share, b: Share): boolean {
  if (a.share === null || b.share === null) return false
  const [upper, lower] = a.share > b.share ? [a, b] : [b, a]
  const [down, up] = [upper.share! - upper.low!, lower.high! - lower.share!]
  const difference = upper.share! - lower.share!
  return difference * difference > (down * down + up * up) * nearlyOne
}
/** The p itself decides near the edge, where rounding could. */
const nearlyOne = 1 - 1e-6

function clearPairs(
  order: number[],
  counts: ArrayLike<number>,
  ns: ArrayLike<number>,
  q: number,
): (a: number, b: number) => boolean {
  const size = order.length
  const limits = order.map((index) => wilson(counts[index]!, ns[index]!, normalQuantile(1 - q / 2)))
  // A corrected p below q needs a p below q: of all other pairs it is enough to know that.
  const p = new Float64Array((size * (size - 1)) / 2).fill(1)
  // Pair (a, b) with a < b stands at b(b − 1)/2 + a.
  for (let b = 1, pair = 0; b < size; b++)
    for (let a = 0; a < b; a++, pair++)
      if (mayDiffer(limits[a]!, limits[b]!)) p[pair] = shareDifferenceP(limits[a]!, limits[b]!)
  const adjusted = benjaminiHochberg(p)
  return (a, b) => {
    if (a === b) return false
    const [first, second] = a < b ? [a, b] : [b, a]
    return adjusted[(second * (second - 1)) / 2 + first]! < q
  }
}
