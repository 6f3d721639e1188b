import type { ClosingByArea } from '../../domain/answers/area-answers.ts'
import type { ClosingOptions } from '../../domain/answers/closing.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { closingOfAreas } from './closing.ts'
import type { Question } from './question.ts'

export const closingByArea: Question<ClosingOptions, ClosingByArea> = (rows, world, options) => {
  const everywhere =
    rows.filter.areas.length === 0
      ? rows
      : new FilteredRows(rows.set, { ...rows.filter, areas: [] }, world)
  return {
    areaLevel: options.areaLevel,
    areas: closingOfAreas(everywhere, world, options),
  }
}
