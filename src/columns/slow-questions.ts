import type { QuestionName } from './questions/index.ts'

/**
 * Questions that may take seconds: hotspots while they shuffle, others with millions of rows. They
 * are answered in parts, and dropped when nobody waits. One component at a time asks for each.
 */
export const slowQuestions = [
  'findings',
  'hotspots',
  'hotspotCells',
  'outbreaks',
  'patterns',
  'quality',
  'repeatPlaces',
] as const satisfies readonly QuestionName[]
export type SlowQuestion = (typeof slowQuestions)[number]

export const isSlow = (name: QuestionName): name is SlowQuestion =>
  (slowQuestions as readonly QuestionName[]).includes(name)
