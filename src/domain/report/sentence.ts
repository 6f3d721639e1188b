import type { SpecialCause } from '../../stats/xmr.ts'
import type { Finding } from '../answers/findings.ts'
import type { RepeatedPlace } from '../answers/repeat-places.ts'
import type { LocalDay, LocalMonth } from '../vocabulary.ts'
import type { JudgedArea } from './figures.ts'

/** A value that a language puts into words. */
export type Told =
  | { share: number }
  /** A difference of shares. */
  | { points: number }
  /** Now ÷ before, a day. Null: no upper limit. */
  | { ratio: number | null }
  | { hours: number | null }
  | { month: LocalMonth }
  | { day: LocalDay }
  /** `Category.idx`. */
  | { category: number }
  | { areas: readonly JudgedArea[] }
  | { findings: readonly Finding[] }
  | { places: readonly RepeatedPlace[] }
  /** `Area.idx`; more where others are left out. */
  | { areaNames: readonly number[]; more: boolean }
  | { metres: number }
  | { cause: SpecialCause }

/** One sentence: its words stand in the languages under `report.summary`. */
export interface Sentence {
  kind: string
  numbers: Record<string, number>
  words: Record<string, Told>
}

export interface Paragraph {
  topic: 'reports' | 'places' | 'closing' | 'residents' | 'areas'
  sentences: Sentence[]
}

export const say = (
  kind: string,
  numbers: Record<string, number> = {},
  words: Record<string, Told> = {},
): Sentence => ({ kind, numbers, words })
