import type { CommentTerms, CommentTermsOptions } from '../../domain/answers/comment-terms.ts'
import smallWordsByLanguage from '../../domain/answers/small-words.json' with { type: 'json' }
import { distinctiveTerms, termsOf } from '../../stats/distinctive-terms.ts'
import type { Question } from './question.ts'

const mostTerms = 15
/** They say nothing of a subject; residents of one city use several languages. */
const smallWords = new Set(Object.values(smallWordsByLanguage).flat())

/** Finds the terms of unhappy comments that happy ones lack, and the reverse, without the columns. */
export const commentTerms: Question<CommentTermsOptions, CommentTerms> = (
  _rows,
  _world,
  options,
) => {
  const terms = options.texts.map((text) => termsOf(text, 'zh', smallWords))
  const groupOf = (isSorry: boolean) => {
    const own = options.isSorry.map((one) => (one === isSorry ? 1 : 0))
    return distinctiveTerms(terms, own, { least: options.least, most: mostTerms }).map(
      ({ term, inGroup }) => ({
        ...{ term, count: inGroup },
        texts: terms.flatMap((held, at) => (own[at] && held.has(term) ? [at] : [])),
      }),
    )
  }
  return { sorry: groupOf(true), glad: groupOf(false) }
}
