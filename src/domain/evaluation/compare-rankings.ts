export interface Scored {
  key: string
  /** Null where not computable: it has no rank. */
  score: number | null
}

interface Place {
  score: number
  /** From 1; equal scores share the best rank. */
  rank: number
}

export interface RankChange {
  key: string
  before: Place | null
  after: Place | null
  /** Ranks won; negative means lost; null where one of the two is missing. */
  gained: number | null
}

/** Scores nearer than this are equal: the difference is rounding. */
const sameScore = 1e-9

/** Ranks before and after another formula: all keys of both, sorted by the rank after; the unranked come last. */
export function compareRankings(before: readonly Scored[], after: readonly Scored[]): RankChange[] {
  const [first, second] = [placesOf(before), placesOf(after)]
  const keys = [...new Set([...after, ...before].map(({ key }) => key))]
  const last = Number.POSITIVE_INFINITY
  return keys
    .map((key): RankChange => {
      const [old, now] = [first.get(key) ?? null, second.get(key) ?? null]
      return { key, before: old, after: now, gained: old && now ? old.rank - now.rank : null }
    })
    .sort(
      (a, b) =>
        compare(a.after?.rank ?? last, b.after?.rank ?? last) ||
        compare(a.before?.rank ?? last, b.before?.rank ?? last) ||
        (a.key < b.key ? -1 : 1),
    )
}

const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)

function placesOf(scored: readonly Scored[]): Map<string, Place> {
  const sorted = scored
    .flatMap(({ key, score }) => (score === null ? [] : [{ key, score }]))
    .sort((a, b) => b.score - a.score)
  const places = new Map<string, Place>()
  let rank = 1
  sorted.forEach(({ key, score }, at) => {
    if (at > 0 && sorted[at - 1]!.score - score > sameScore) rank = at + 1
    places.set(key, { score, rank })
  })
  return places
}
