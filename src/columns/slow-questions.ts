import type { QuestionName } from './questions/index.ts'

/** Questions that may take seconds. They are answered in parts, and dropped when nobody waits. */
export const slowQuestions = ['repeatPlaces'] as const satisfies readonly QuestionName[]
export type SlowQuestion = (typeof slowQuestions)[number]

export const isSlow = (name: QuestionName): name is SlowQuestion =>
  (slowQuestions as readonly QuestionName[]).includes(name)
