import type {
  AskCounts,
  Satisfaction,
  SatisfactionOptions,
} from '../../domain/answers/satisfaction.ts'
import type { LocalMonth } from '../../domain/vocabulary.ts'
import { AnswerSums } from '../count/answer-sums.ts'
import { ratingSpans } from '../count/rating-spans.ts'
import type { Question } from './question.ts'

/** Answers about closings, by month of closing and department. */
export const satisfaction: Question<SatisfactionOptions, Satisfaction> = (rows, world, options) => {
  const { area: failsByArea, category: failsByCategory } = rows.rules
  const [all, exempt] = [new AnswerSums(), new AnswerSums()]
  const [months, departments] = [new Named<LocalMonth>(), new Named<string | null>()]
  const bytes = new Uint32Array(256)
  for (const { run, columns, from, to } of ratingSpans(world.ratings, options)) {
    const { area, category, answer, month } = columns
    bytes.fill(0)
    for (let row = from; row < to; row++)
      if ((failsByArea[area[row]!]! | failsByCategory[category[row]!]!) === 0)
        bytes[answer[row]!]!++
    const sums = run.isExempt ? [exempt] : [all, months.of(month), departments.of(run.department)]
    for (const one of sums) {
      const total = one.bytesOf(run)
      for (let byte = 0; byte < bytes.length; byte++) total[byte]! += bytes[byte]!
    }
  }
  return {
    ...{ all: all.counts, exempt: exempt.counts },
    months: months.entries.map(([month, counts]) => ({ month, ...counts })),
    departments: departments.entries.map(([code, counts]) => ({ code, ...counts })),
  }
}

/** Sums by name; without names that nothing was added to. */
class Named<Name> {
  readonly #sums = new Map<Name, AnswerSums>()
  of(name: Name): AnswerSums {
    let found = this.#sums.get(name)
    if (!found) this.#sums.set(name, (found = new AnswerSums()))
    return found
  }
  get entries(): [Name, AskCounts][] {
    return [...this.#sums].flatMap(([name, sums]): [Name, AskCounts][] =>
      sums.isEmpty ? [] : [[name, sums.counts]],
    )
  }
}
