export interface DistinctiveTerm {
  term: string
  /** Texts of the group that hold it, and of the rest. */
  inGroup: number
  inRest: number
  /** Log-odds ratio with prior ÷ its standard error; above 1.96 it is more than chance, for one term looked at alone. */
  z: number
}

export interface TermOptions {
  /** Strength of the prior in terms; it is spread as the terms of all texts are. Default 500. */
  prior?: number
  /** Fewest texts of the group that hold a term. Default 2. */
  least?: number
  /** Default 20. */
  most?: number
  /** Words that say nothing. */
  stopWords?: ReadonlySet<string>
}

/**
 * Words of a text, each once, by the rules of the language: Chinese has no spaces. Left out are small
 * words such as particles, single Latin letters, and all that holds a digit: telephone numbers, house numbers.
 *
 * @param smallWords that say nothing of a subject, in lower case
 * @param locale for example `zh` or `en`; Chinese rules split English too
 */
export function termsOf(
  text: string,
  locale: string,
  smallWords: ReadonlySet<string> = new Set(),
): Set<string> {
  const terms = new Set<string>()
  const words = new Intl.Segmenter(locale, { granularity: 'word' }).segment(
    text.normalize('NFKC').toLowerCase(),
  )
  for (const { segment, isWordLike } of words)
    if (isWordLike && !/\p{N}|^[^\p{Script=Han}]$/u.test(segment) && !smallWords.has(segment))
      terms.add(segment)
  return terms
}

/**
 * Terms that texts of a group hold oftener than the rest does: log odds in the group − in the rest,
 * each count with a prior α·(its share in all texts), divided by √(1/(y₁ + α) + 1/(y₂ + α)). The prior
 * keeps rare terms from leading. Highest z first; only those with z > 0.
 *
 * Source: B. L. Monroe, M. P. Colaresi and K. M. Quinn, Political Analysis 16 (2008), equations 15–22.
 * @param texts terms by text, as of `termsOf`
 * @param inGroup 1 for texts of the group
 * @throws RangeError when lengths differ
 */
export function distinctiveTerms(
  texts: readonly ReadonlySet<string>[],
  inGroup: ArrayLike<number>,
  { prior = 500, least = 2, most = 20, stopWords = new Set() }: TermOptions = {},
): DistinctiveTerm[] {
  if (texts.length !== inGroup.length)
    throw new RangeError(`${texts.length} texts and ${inGroup.length} marks`)
  const counts = new Map<string, [rest: number, group: number]>()
  const totals: [rest: number, group: number] = [0, 0]
  texts.forEach((terms, i) => {
    const side = inGroup[i] ? 1 : 0
    for (const term of terms) {
      if (stopWords.has(term)) continue
      const entry = counts.get(term) ?? [0, 0]
      entry[side]++
      counts.set(term, entry)
      totals[side]++
    }
  })
  const all = totals[0] + totals[1]
  const logOdds = (count: number, total: number, alpha: number): number =>
    Math.log((count + alpha) / (total + prior - count - alpha))
  return [...counts]
    .map(([term, [inRest, inGroupCount]]): DistinctiveTerm => {
      const alpha = (prior * (inRest + inGroupCount)) / all
      const difference = logOdds(inGroupCount, totals[1], alpha) - logOdds(inRest, totals[0], alpha)
      const error = Math.sqrt(1 / (inGroupCount + alpha) + 1 / (inRest + alpha))
      return { term, inGroup: inGroupCount, inRest, z: difference / error }
    })
    .filter(({ z, inGroup: held }) => z > 0 && held >= least)
    .sort((a, b) => b.z - a.z || (a.term < b.term ? -1 : 1))
    .slice(0, most)
}
