/** Choices for deadlines of open incidents. The URL and the server's filter name them so. */
export const datedChoices = ['overdue', 'within_day'] as const
/** `none`: open and not on hold, without a deadline. */
export const dueChoices = [...datedChoices, 'none'] as const
export type DueChoice = (typeof dueChoices)[number]

/** Due minutes, as minutes since 1970 in UTC. */
export interface DueRange {
  /** Exclusive. */
  after: number
  /** Inclusive. */
  until: number
  /** Also incidents without a deadline. */
  orNone: boolean
}

const minutesOfDay = 1440

/** Whether an incident gets another choice while the clock goes from one minute to the other. */
export const changesDueChoice = (dueMinute: number, from: number, to: number): boolean =>
  (dueMinute > from && dueMinute <= to) ||
  (dueMinute > from + minutesOfDay && dueMinute <= to + minutesOfDay)

/** The union of the choices; the two with a deadline touch each other. SQL draws the same lines from its own clock. */
export const dueRange = (choices: readonly DueChoice[], nowMinute: number): DueRange => ({
  after: choices.includes('overdue') ? Number.NEGATIVE_INFINITY : nowMinute,
  until: choices.includes('within_day') ? nowMinute + minutesOfDay : nowMinute,
  orNone: choices.includes('none'),
})
