import { ColumnsEngine } from './engine.ts'
import { answerInTurns, type EngineCall, type EngineProgress } from './engine-call.ts'

/** Keeps loops over incidents off the page's thread. */
const engine = new ColumnsEngine()
const scope = globalThis as unknown as DedicatedWorkerGlobalScope

scope.onmessage = ({ data }: MessageEvent<EngineCall>) => {
  const onShare = (done: number): void =>
    scope.postMessage({ id: data.id, done } satisfies EngineProgress)
  void answerInTurns(engine, data, { onShare }).then((answer) => scope.postMessage(answer))
}
