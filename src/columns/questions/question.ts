import type { FilteredRows } from '../count/filtered-rows.ts'
import type { FilterWorld, PathNode } from '../count/filter-rules.ts'

/** Facts that do not come with the incidents. */
export interface QuestionWorld extends FilterWorld {
  areas: readonly (PathNode & { level: string })[]
  /** The last minute the data is known for, on the city's wall clock; see `wallMinutes`. */
  asOfWallMinutes: number
}

/**
 * A question about the incidents that pass a filter. It is pure and runs in the worker.
 * @param options JSON
 * @returns an object that can be structured-cloned
 */
export type Question<Options, Answer> = (
  rows: FilteredRows,
  world: QuestionWorld,
  options: Options,
) => Answer
