import {
  engineMethods,
  type EngineAnswer,
  type EngineCall,
  type EngineProgress,
  type OnShare,
  type RemoteColumnsEngine,
} from './engine-call.ts'

export type EnginePort = Pick<Worker, 'postMessage' | 'terminate' | 'addEventListener'>

export const startColumnsWorker = (): RemoteColumnsEngine =>
  remoteColumnsEngine(
    new Worker(new URL('./columns.worker.ts', import.meta.url), {
      type: 'module',
      name: 'columns',
    }),
  )

/** When the worker dies, all waiting and later calls are rejected. */
export function remoteColumnsEngine(port: EnginePort): RemoteColumnsEngine {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  const listeners = new Map<number, OnShare>()
  let nextId = 1
  let dead: Error | null = null

  const die = (reason: Error) => {
    dead = reason
    for (const { reject } of waiting.values()) reject(reason)
    waiting.clear()
    listeners.clear()
  }
  port.addEventListener('message', (event) => {
    const answer = (event as MessageEvent<EngineAnswer | EngineProgress>).data
    if ('done' in answer) {
      listeners.get(answer.id)?.(answer.done)
      return
    }
    const call = waiting.get(answer.id)
    waiting.delete(answer.id)
    listeners.delete(answer.id)
    if (answer.ok) call?.resolve(answer.value)
    else call?.reject(Object.assign(new Error(answer.message), { name: answer.name }))
  })
  port.addEventListener('error', (event) => {
    die(new Error(`columns worker: ${(event as ErrorEvent).message || 'could not start'}`))
  })

  const call =
    (method: EngineCall['method']) =>
    (...args: unknown[]): Promise<unknown> => {
      if (dead) return Promise.reject(dead)
      const pending = Promise.withResolvers<unknown>()
      const id = nextId++
      waiting.set(id, pending)
      // A port carries no functions.
      const onShare = args.findIndex((arg) => typeof arg === 'function')
      if (onShare >= 0) listeners.set(id, args.splice(onShare, 1)[0] as OnShare)
      port.postMessage({ id, method, args } satisfies EngineCall)
      return pending.promise
    }

  return {
    ...Object.fromEntries(engineMethods.map((method) => [method, call(method)])),
    terminate: () => {
      die(new Error('columns worker: ended'))
      port.terminate()
    },
  } as RemoteColumnsEngine
}
