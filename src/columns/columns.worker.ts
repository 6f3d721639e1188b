import { ColumnsEngine } from './engine.ts'
import { answerInTurns, type EngineCall } from './engine-call.ts'

/** Keeps loops over incidents off the page's thread. */
const engine = new ColumnsEngine()
const scope = globalThis as unknown as DedicatedWorkerGlobalScope

scope.onmessage = ({ data }: MessageEvent<EngineCall>) =>
  void answerInTurns(engine, data).then((answer) => scope.postMessage(answer))
