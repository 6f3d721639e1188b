import type { EngineAnswer, EngineCall, RemoteColumnsEngine } from './engine.ts'

/** What is used of a `Worker`. */
export type EnginePort = Pick<
  Worker,
  'postMessage' | 'terminate' | 'addEventListener' | 'removeEventListener'
>

/** Starts the columns worker. */
export const startColumnsWorker = (): RemoteColumnsEngine =>
  remoteColumnsEngine(
    new Worker(new URL('./columns.worker.ts', import.meta.url), {
      type: 'module',
      name: 'columns',
    }),
  )

/**
 * Speaks with an engine behind a port. Calls are answered in order; when the worker dies, all that
 * wait and all that follow are rejected.
 */
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

  const call = <T>(method: EngineCall['method'], args: unknown[]): Promise<T> => {
    if (dead) return Promise.reject(dead)
    const pending = Promise.withResolvers<unknown>()
    const id = nextId++
    waiting.set(id, pending)
    port.postMessage({ id, method, args } satisfies EngineCall)
    return pending.promise as Promise<T>
  }

  return {
    setWorld: (...args) => call('setWorld', args),
    setAsOf: (...args) => call('setAsOf', args),
    put: (...args) => call('put', args),
    clear: (...args) => call('clear', args),
    project: (...args) => call('project', args),
    heat: (...args) => call('heat', args),
    closing: (...args) => call('closing', args),
    terminate: () => {
      die(new Error('columns worker: ended'))
      port.terminate()
    },
  }
}
