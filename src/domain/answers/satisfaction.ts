import type { AreaLevel, LocalMonth } from '../vocabulary.ts'

/** Yes among those who said yes or no. */
export interface YesOf {
  yes: number
  of: number
}

/**
 * Closings that residents were asked about or rated. Everybody drawn for a call-back is in `asked`;
 * `answeredByCall` of them answered. Answers by link come from those who chose to answer, and are in
 * `answered` too.
 */
export interface AskCounts {
  asked: number
  waiting: number
  refused: number
  notReached: number
  answeredByCall: number
  answered: number
  responded: YesOf
  solved: YesOf
  /** Answers of 1 to 5. */
  satisfied: [number, number, number, number, number]
  /** Of all these, made by the demo's script. */
  generated: number
}

export interface SatisfactionOptions {
  areaLevel: AreaLevel
  /** Months of closing, inclusive; null for all. */
  months: { from: LocalMonth; to: LocalMonth } | null
}

/** By the filter's areas and categories; its other parts are about reports and do not count. */
export interface Satisfaction {
  /** Without exempt closings, and so are the lists. */
  all: AskCounts
  /** By a granted appeal. */
  exempt: AskCounts
  areaLevel: AreaLevel
  /** Without areas that hold nothing. */
  areas: ({ idx: number } & AskCounts)[]
  /** By `Category.idx` of the leaf. */
  categories: ({ idx: number } & AskCounts)[]
  /** The oldest first. */
  months: ({ month: LocalMonth } & AskCounts)[]
  /** By the department that closed. */
  departments: ({ code: string | null } & AskCounts)[]
}

export const noAskCounts = (): AskCounts => ({
  ...{ asked: 0, waiting: 0, refused: 0, notReached: 0, answeredByCall: 0, answered: 0 },
  responded: { yes: 0, of: 0 },
  solved: { yes: 0, of: 0 },
  satisfied: [0, 0, 0, 0, 0],
  generated: 0,
})
