import type { SatisfactionRate } from '@/domain/answers/satisfaction.ts'
import { encodeFilter } from '@/domain/filter/filter-url.ts'
import { emptyFilter, type AnswerChoice, type IncidentFilter } from '@/domain/filter/filter.ts'

/** Names the good and the bad answers to each question. */
export const goodAnswer: Record<SatisfactionRate, AnswerChoice> = {
  responded: 'responded',
  solved: 'solved',
  satisfied: 'satisfied',
}
export const badAnswer: Record<SatisfactionRate, AnswerChoice> = {
  responded: 'unresponded',
  solved: 'unsolved',
  satisfied: 'unsatisfied',
}
/** Everybody who answered the question. */
export const anyAnswer = (rate: SatisfactionRate): AnswerChoice[] => [
  goodAnswer[rate],
  badAnswer[rate],
]

/**
 * The incidents that figures of this page count: its period is of closings, and other parts of the
 * filter are about reports.
 * @param page the filter in force on the page
 */
export const rowsFilter = (
  page: Pick<IncidentFilter, 'period' | 'areas' | 'categories'>,
  said: readonly AnswerChoice[],
  closers: readonly string[] = [],
): IncidentFilter => ({
  ...emptyFilter(),
  ...{ areas: page.areas, categories: page.categories },
  answers: { said: [...said], closed: page.period, closers: [...closers] },
})

/** The list of all pages, narrowed to these incidents. */
export const rowsLink = (...asked: Parameters<typeof rowsFilter>) => ({
  name: 'table',
  query: encodeFilter(rowsFilter(...asked)),
})
