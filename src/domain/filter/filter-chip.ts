import type { Period, PeriodPreset } from '../time/period.ts'
import type { Stage } from '../vocabulary.ts'
import type { DueChoice } from './due.ts'
import type { AnswerFilter, HandlingFilter } from './filter.ts'

export type FilterPart =
  | 'period'
  | 'areas'
  | 'categories'
  | 'stages'
  | 'openOnly'
  | 'onHoldOnly'
  | 'due'
  | 'bbox'
  | 'exceptPoints'
  | 'answers'
  | 'handling'
  | 'openLonger'

export type FilterChip =
  | { part: 'period'; key: string; period: Period; preset: PeriodPreset | null }
  | { part: 'areas' | 'categories'; key: string; code: string }
  | { part: 'stages'; key: string; stage: Stage }
  | { part: 'due'; key: string; due: DueChoice }
  | { part: 'exceptPoints'; key: string; points: number }
  | { part: 'answers'; key: string; answers: AnswerFilter }
  | { part: 'handling'; key: string; handling: HandlingFilter }
  | { part: 'openLonger'; key: string; hours: number }
  | { part: 'openOnly' | 'onHoldOnly' | 'bbox'; key: string }
