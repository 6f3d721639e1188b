import { ColumnsEngine } from './engine.ts'
import { answerCall, type EngineCall } from './engine-call.ts'

/** Keeps loops over incidents off the page's thread. */
const engine = new ColumnsEngine()
const scope = globalThis as unknown as DedicatedWorkerGlobalScope

scope.onmessage = ({ data }: MessageEvent<EngineCall>) =>
  scope.postMessage(answerCall(engine, data))
