import type { IncidentFilter } from '@/domain/filter/filter.ts'
import type { ColumnsEngine } from './engine.ts'
import type { AnswerOf, OptionsOf, QuestionName } from './questions/index.ts'

export const engineMethods = [
  'setWorld',
  'setShapes',
  'setAsOf',
  'setNow',
  'put',
  'clear',
  'putRatings',
  'putAnswered',
  'ask',
] as const
type EngineMethod = (typeof engineMethods)[number]

/** The engine behind a port. */
export type RemoteColumnsEngine = {
  [M in Exclude<EngineMethod, 'ask'>]: (
    ...args: Parameters<ColumnsEngine[M]>
  ) => Promise<ReturnType<ColumnsEngine[M]>>
} & {
  ask<N extends QuestionName>(
    name: N,
    filter: IncidentFilter,
    options: OptionsOf<N>,
  ): Promise<AnswerOf<N>>
  terminate(): void
}

export interface EngineCall {
  id: number
  method: EngineMethod
  args: unknown[]
}
export type EngineAnswer =
  | { id: number; ok: true; value: unknown }
  | { id: number; ok: false; name: string; message: string }

export function answerCall(engine: ColumnsEngine, { id, method, args }: EngineCall): EngineAnswer {
  try {
    const run = engine[method] as (...args: unknown[]) => unknown
    return { id, ok: true, value: run.apply(engine, args) }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    return { id, ok: false, name, message }
  }
}
