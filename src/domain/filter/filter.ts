import type { BoundingBox, LocalDay, Stage } from '../vocabulary.ts'
import type { DueChoice } from './due.ts'

/** A quantised place: `quantise` of longitude and latitude. */
export type QuantisedPoint = readonly [x: number, y: number]
export const maxExceptPoints = 20

/** Answers a resident may have given; `exempt`: the closing left the rates by a granted appeal. */
export const answerChoices = [
  'responded',
  'unresponded',
  'solved',
  'unsolved',
  'satisfied',
  'unsatisfied',
  'exempt',
] as const
export type AnswerChoice = (typeof answerChoices)[number]

/** Incidents about which a resident gave one of the answers. The server knows them; columns do not. */
export interface AnswerFilter {
  /** At least one. An exempt closing is in no other choice. */
  said: AnswerChoice[]
  /** Days of the closing, inclusive; null is all time. */
  closed: { from: LocalDay; to: LocalDay } | null
  /** Codes of the departments that closed; an empty list means all. */
  closers: string[]
}

/** `late`: handled late, or past its time and not handled. */
export const handlingOutcomes = ['in_time', 'late'] as const
export type HandlingOutcome = (typeof handlingOutcomes)[number]

/** Incidents that were due to be handled, by how it went. The server knows them; columns do not. */
export interface HandlingFilter {
  /** At least one. */
  outcomes: HandlingOutcome[]
  /** Codes of the departments that handle; an empty list means all. */
  departments: string[]
}

/** The parts that columns cannot answer. */
export type ServedParts = Pick<IncidentFilter, 'answers' | 'handling'>

/** Null where columns answer the whole filter. */
export const servedParts = ({ answers, handling }: ServedParts): ServedParts | null =>
  answers || handling ? { answers, handling } : null

/** Equal for equal parts. */
export const servedKey = ({ answers, handling }: ServedParts): string =>
  JSON.stringify([answers, handling])

/** Hours of a filter by time open: more than any closing took. */
export const mostOpenHours = 60_000

/** Lives in the URL; an empty list means all. */
export interface IncidentFilter {
  /** Inclusive, in the city's time zone; null is all time. */
  period: { from: LocalDay; to: LocalDay } | null
  /** Codes of any level. */
  areas: string[]
  /** Codes of any level. */
  categories: string[]
  stages: Stage[]
  /** Excludes closed, rejected and merged. */
  openOnly: boolean
  /** On hold (挂账). */
  onHoldOnly: boolean
  /** Deadlines of open incidents that are not on hold. */
  due: DueChoice[]
  /** While "in view" is on. */
  bbox: BoundingBox | null
  /** Incidents on these points are left out; a geocoder's fallback, perhaps. At most `maxExceptPoints`. */
  exceptPoints: QuantisedPoint[]
  /** Null: whatever residents say. */
  answers: AnswerFilter | null
  /** Null: however the incident was handled. */
  handling: HandlingFilter | null
  /**
   * Seen open for more than so many whole hours, closed since or not; rejected and merged ones are out. Null: however
   * long.
   */
  openLonger: number | null
}

export const emptyFilter = (): IncidentFilter => ({
  period: null,
  areas: [],
  categories: [],
  stages: [],
  openOnly: false,
  onHoldOnly: false,
  due: [],
  bbox: null,
  exceptPoints: [],
  answers: null,
  handling: null,
  openLonger: null,
})
