import { ColumnsEngine, type EngineAnswer, type EngineCall } from './engine.ts'

/** The thread that holds all columns: no loop over incidents ever runs on the page's own. */
const engine = new ColumnsEngine()
const scope = globalThis as unknown as DedicatedWorkerGlobalScope

scope.onmessage = ({ data }: MessageEvent<EngineCall>) => {
  try {
    const method = engine[data.method] as (...args: unknown[]) => unknown
    const value = method.apply(engine, data.args)
    scope.postMessage({ id: data.id, ok: true, value } satisfies EngineAnswer)
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    scope.postMessage({ id: data.id, ok: false, name, message } satisfies EngineAnswer)
  }
}
