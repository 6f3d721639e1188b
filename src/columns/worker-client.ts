import {
  engineMethods,
  type EngineAnswer,
  type EngineCall,
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
  let nextId = 1
  let dead: Error | null = null

  const die = (reason: Error) => {
    dead = reason
    for (const { reject } of waiting.values()) reject(reason)
    waiting.clear()
  }
  port.addEventListener('message', (event) => {
    const answer = (event as MessageEvent<EngineAnswer>).data
    const call = waiting.get(answer.id)
    waiting.delete(answer.id)
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
