export type Emphasis = 'much-more' | 'more' | 'keep'

export interface ImportanceSatisfaction {
  /** Share that names the topic among the most important, 0 to 1. */
  importance: number
  /** Share satisfied of those who know, 0 to 1. */
  satisfaction: number
  /** importance × (1 − satisfaction), 0 to 1. */
  rating: number
  emphasis: Emphasis
}

/**
 * Which topic to work on first: importance × (1 − satisfaction); from 0.20 definitely more emphasis,
 * from 0.10 more, below keep.
 *
 * Source: ETC Institute's Importance–Satisfaction analysis of resident surveys.
 * @param satisfaction without "don't know"
 * @throws RangeError unless both lie between 0 and 1
 */
export function importanceSatisfaction(
  importance: number,
  satisfaction: number,
): ImportanceSatisfaction {
  for (const share of [importance, satisfaction])
    if (!(share >= 0 && share <= 1)) throw new RangeError(`no share: ${share}`)
  const rating = importance * (1 - satisfaction)
  // 0.5 × (1 − 0.6) is 0.2 but for rounding.
  const reached = (limit: number): boolean => rating >= limit - 1e-12
  const emphasis = reached(0.2) ? 'much-more' : reached(0.1) ? 'more' : 'keep'
  return { importance, satisfaction, rating, emphasis }
}
