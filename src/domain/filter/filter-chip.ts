import type { Period, PeriodPreset } from '../time/period.ts'
import type { Stage } from '../vocabulary.ts'

/** Parts of the filter that can be cleared one by one. */
export type FilterPart =
  | 'period'
  | 'areas'
  | 'categories'
  | 'stages'
  | 'openOnly'
  | 'onHoldOnly'
  | 'bbox'

/** One removable piece of the filter, for the row of chips. */
export type FilterChip =
  | { part: 'period'; key: string; period: Period; preset: PeriodPreset | null }
  | { part: 'areas' | 'categories'; key: string; code: string }
  | { part: 'stages'; key: string; stage: Stage }
  | { part: 'openOnly' | 'onHoldOnly' | 'bbox'; key: string }
