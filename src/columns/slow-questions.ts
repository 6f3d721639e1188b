import type { QuestionName } from './questions/index.ts'

/** Questions that may take seconds: those of hotspots while they shuffle. They are answered in parts, and dropped when nobody waits. */
export const slowQuestions = [
  'hotspots',
  'hotspotCells',
  'outbreaks',
  'repeatPlaces',
] as const satisfies readonly QuestionName[]
export type SlowQuestion = (typeof slowQuestions)[number]

export const isSlow = (name: QuestionName): name is SlowQuestion =>
  (slowQuestions as readonly QuestionName[]).includes(name)
