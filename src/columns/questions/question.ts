import type { InParts } from '../../stats/in-parts.ts'
import type { AreaShapes } from '../count/area-shapes.ts'
import type { FilteredRows } from '../count/filtered-rows.ts'
import type { LngLat } from '../../domain/vocabulary.ts'
import type { FilterWorld, PathNode } from '../count/filter-rules.ts'
import type { RatingSet } from '../count/rating-set.ts'

export interface QuestionWorld extends FilterWorld {
  /** `point`: where an import puts incidents of the area whose place the source does not know. */
  areas: readonly (PathNode & { level: string; point?: LngLat })[]
  shapes: AreaShapes
  /** Missing: none are loaded. */
  ratings?: RatingSet
}

/** Pure. `options` are JSON; the answer can be structured-cloned. */
export type Question<Options, Answer> = (
  rows: FilteredRows,
  world: QuestionWorld,
  options: Options,
) => Answer

/** A question that takes long: other questions are answered in its pauses. */
export type QuestionInParts<Options, Answer> = (
  ...question: Parameters<Question<Options, Answer>>
) => InParts<Answer>
