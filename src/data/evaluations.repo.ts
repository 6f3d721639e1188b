import * as v from 'valibot'
import type { Board } from '@/domain/evaluation/names.ts'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import { filterToRpc } from '@/domain/filter/filter-url.ts'
import { roles, type AreaLevel } from '@/domain/vocabulary.ts'
import { callRpc, type Backend } from './client.ts'

const boardSchema = v.object({
  asOf: v.string(),
  canEdit: v.boolean(),
  rows: v.array(
    v.object({
      /** An area's or department's code, or a person's id. */
      key: v.string(),
      /** Of a person. */
      name: v.optional(v.string()),
      role: v.optional(v.picklist(roles)),
      areaCode: v.optional(v.string()),
      isGenerated: v.optional(v.boolean()),
      values: v.record(v.string(), v.union([v.number(), v.tuple([v.number(), v.number()])])),
    }),
  ),
  /** The newest first. */
  versions: v.array(
    v.object({
      version: v.number(),
      formula: v.string(),
      fromDay: v.string(),
      reason: v.string(),
      savedAt: v.string(),
      savedByName: v.string(),
    }),
  ),
})
export type EvaluationBoard = v.InferOutput<typeof boardSchema>

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const evaluationsRepo = (backend: Backend) => ({
  /** @param level of the areas; others take no notice of it */
  board: (
    board: Board,
    filter: IncidentFilter,
    level: AreaLevel,
    signal?: AbortSignal,
  ): Promise<EvaluationBoard> =>
    callRpc(
      backend,
      'evaluation_board',
      { p_board: board, p_filter: filterToRpc(filter), p_level: level },
      boardSchema,
      signal,
    ),
})
