import * as v from 'valibot'
import { areaLevels, type AreaLevel } from '@/domain/vocabulary.ts'
import { fetchSigned, type Backend } from './client.ts'
import { AppError, errorFromAnswer, toAppError, type ErrorAnswer } from './errors.ts'

const level = v.picklist(areaLevels)
const stateSchema = v.object({
  level,
  levels: v.array(
    v.object({
      ...{ level, areas: v.number() },
      fault: v.nullable(v.picklist(['unknown_level', 'too_small', 'no_areas', 'present'])),
    }),
  ),
  incidents: v.number(),
  lastMove: v.nullable(
    v.object({
      ...{ from: level, to: level, startedAt: v.string(), finishedAt: v.nullable(v.string()) },
      ...{ startedBy: v.nullable(v.string()), isReplaced: v.boolean(), isChecking: v.boolean() },
      ...{ total: v.number(), seen: v.number(), moved: v.number() },
    }),
  ),
})
/** The shard level, the levels that may be chosen, and how far the last change is. */
export type ShardState = v.InferOutput<typeof stateSchema>

/** For admins of the whole city. Every call throws `AppError`; a Supabase has no such door (404). */
export const cityRepo = (backend: Backend) => {
  async function ask(init: RequestInit): Promise<ShardState> {
    try {
      const answer = await fetchSigned(backend, 'city/v1/shard-level', init)
      const told: unknown = await answer.json().catch(() => null)
      if (!answer.ok) throw errorFromAnswer((told ?? {}) as ErrorAnswer, answer.status)
      const parsed = v.safeParse(stateSchema, told)
      if (parsed.success) return parsed.output
      throw new AppError('server', 'the answer has another form', { code: 'bad_answer' })
    } catch (error) {
      throw toAppError(error)
    }
  }
  return {
    shardState: (signal?: AbortSignal): Promise<ShardState> => ask({ signal: signal ?? null }),
    setShardLevel: (wanted: AreaLevel): Promise<ShardState> =>
      ask({
        method: 'POST',
        body: JSON.stringify({ level: wanted }),
        headers: { 'content-type': 'application/json' },
      }),
  }
}
