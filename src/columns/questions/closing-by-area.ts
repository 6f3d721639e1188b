import type { ClosingByArea, ClosingByAreaOptions } from '../../domain/answers/area-answers.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { closingOfAreas } from './closing.ts'
import { everywhere } from './hotspots.ts'
import type { Question } from './question.ts'

export const closingByArea: Question<ClosingByAreaOptions, ClosingByArea> = (
  rows,
  world,
  options,
) => {
  const { window } = options
  const all = everywhere(rows, world)
  const asked = window
    ? new FilteredRows(rows.set, { ...all.filter, period: window.period }, world)
    : all
  return {
    window,
    areaLevel: options.areaLevel,
    areas: closingOfAreas(asked, world, options),
  }
}
