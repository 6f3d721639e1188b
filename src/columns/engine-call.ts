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
  'drop',
] as const
type EngineMethod = (typeof engineMethods)[number]

/** Told now and then while a question takes long. @param done 0 to 1 */
export type OnShare = (done: number) => void

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
    onShare?: OnShare,
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

/** Before the answer. */
export interface EngineProgress {
  id: number
  done: number
}

export function answerCall(engine: ColumnsEngine, { id, method, args }: EngineCall): EngineAnswer {
  try {
    const run = engine[method] as (...args: unknown[]) => unknown
    return { id, ok: true, value: run.apply(engine, args) }
  } catch (error) {
    return failed(id, error)
  }
}

function failed(id: number, error: unknown): EngineAnswer {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  return { id, ok: false, name, message }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

export interface Turns {
  /** Called after each turn. */
  onShare?: OnShare
  /** From one pause to the next; a part may take longer. Default 40. */
  millis?: number
}

/**
 * As `answerCall`, but takes other calls while a question takes long. A dropped question answers with
 * an `AbortError`.
 */
export async function answerInTurns(
  engine: ColumnsEngine,
  call: EngineCall,
  { onShare, millis = 40 }: Turns = {},
): Promise<EngineAnswer> {
  const { id, method, args } = call
  if (method !== 'ask') return answerCall(engine, call)
  try {
    const parts = engine.begin(...(args as Parameters<ColumnsEngine['begin']>))
    if (!parts) return answerCall(engine, call)
    for (;;) {
      const until = performance.now() + millis
      let share: number
      do {
        const { done, value } = parts.next()
        if (done) {
          if (value !== undefined) return { id, ok: true, value }
          return { id, ok: false, name: 'AbortError', message: 'dropped' }
        }
        share = value
      } while (performance.now() < until)
      onShare?.(share)
      await nextTurn()
    }
  } catch (error) {
    return failed(id, error)
  }
}
