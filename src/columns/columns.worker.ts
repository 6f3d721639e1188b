import { ColumnsEngine } from './engine.ts'
import { answerCall, type EngineCall } from './engine-call.ts'

/** The thread that holds the columns: the page's own thread never loops over incidents. */
const engine = new ColumnsEngine()
const scope = globalThis as unknown as DedicatedWorkerGlobalScope

scope.onmessage = ({ data }: MessageEvent<EngineCall>) =>
  scope.postMessage(answerCall(engine, data))
