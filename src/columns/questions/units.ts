import type { HotspotValue, JudgeOptions } from '../../domain/answers/hotspots.ts'
import { benjaminiHochberg, bonferroni } from '../../stats/correct.ts'
import type { Weights } from '../../stats/weights.ts'
import type { MonthColumns } from '../count/column-set.ts'
import type { FilteredRows } from '../count/filtered-rows.ts'
import type { QuestionWorld } from './question.ts'

/** Areas or cells that are compared with each other. */
export interface Units {
  n: number
  /** Each with itself. */
  neighbours: Weights
  /** Divides the counts: households or km². 0: not known. */
  size: Float64Array
  value: HotspotValue
  /** The unit of a month's row; −1 in none. */
  slotOf: (month: MonthColumns) => (row: number) => number
}

export interface Ground {
  units: Units
  /** Of all areas, whatever areas the filter chooses. */
  rows: FilteredRows
  world: QuestionWorld
  counts: Uint32Array
}

export const countInto =
  (counts: Uint32Array, { slotOf }: Pick<Units, 'slotOf'>) =>
  (month: MonthColumns): ((row: number) => void) => {
    const slot = slotOf(month)
    return (row) => {
      const at = slot(row)
      if (at >= 0) counts[at]!++
    }
  }

export const corrected = ({ correction }: JudgeOptions): typeof bonferroni =>
  correction === 'bonferroni' ? bonferroni : benjaminiHochberg
