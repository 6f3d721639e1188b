import { Worker } from 'node:worker_threads'
import type { Database, SqlValue } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'
import { OpenCalls } from './calls.ts'
import type { BackendCall, BackendEvent, BackendOptions, BackendStep } from './messages.ts'

/** The call may succeed in a few seconds. */
export class BackendUnavailable extends Error {
  constructor() {
    super('The database is restarting. Try again in a few seconds.')
    this.name = 'BackendUnavailable'
  }
}

/** One life of the worker. */
export class BackendSession {
  tier: 'embedded' | 'postgres' = 'embedded'
  fresh = false
  /** Rejects when the session ends first. */
  readonly opened: Promise<void>
  /** With the reason, for the log. */
  readonly ended: Promise<string>
  #worker: Worker
  #calls = new OpenCalls()
  #end: (reason: string) => void = () => {}
  #endReason: string | null = null
  #gone: Promise<unknown> | null = null
  #canary: Promise<void> | null = null

  constructor(options: BackendOptions, file: URL, onProgress?: (step: BackendStep) => void) {
    // lite logs every refused request with its stack.
    const quiet = !process.env.WANGGE_DEBUG
    this.#worker = new Worker(file, { workerData: options, stdout: quiet, stderr: quiet })
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.opened = new Promise((resolve, reject) => {
      this.#worker.on('message', (event: BackendEvent) => {
        if (this.#endReason !== null) return
        if (event.event === 'progress') onProgress?.(event.step)
        else if (event.event === 'ready') {
          this.tier = event.tier
          this.fresh = event.fresh
          resolve()
        } else if (event.event === 'failed') {
          reject(event.expected ? new ServerError(event.message) : new Error(event.message))
        } else this.#calls.settle(event)
      })
      void this.ended.then((reason) => reject(new Error(reason)))
    })
    // The rejection may have no listener.
    this.opened.catch(() => undefined)
    this.#worker.on('error', (error) => void this.end((error as Error).message))
    this.#worker.on('exit', (code) => void this.end(`ended with code ${code}`))
  }

  get endReason(): string | null {
    return this.#endReason
  }

  get isStuck(): boolean {
    return this.#calls.isStuck()
  }

  /** Resolves once another may open the folder. */
  async end(reason: string): Promise<void> {
    if (this.#endReason === null) {
      this.#endReason = reason
      this.#calls.rejectAll(new BackendUnavailable())
      this.#end(reason)
    }
    this.#gone ??= this.#worker.terminate()
    await this.#gone
  }

  call(call: BackendCall, transfer: ArrayBuffer[] = []): Promise<unknown> {
    if (this.#endReason !== null) return Promise.reject(new BackendUnavailable())
    return new Promise((resolve, reject) => {
      const id = this.#calls.add({ call, resolve, reject })
      this.#worker.postMessage({ id, call }, transfer)
    })
  }

  /** Rejects when the database drops acknowledged writes. Waits its turn. */
  canary(): Promise<void> {
    this.#canary ??= this.call({ op: 'canary' })
      .then(() => undefined)
      .finally(() => {
        this.#canary = null
      })
    return this.#canary
  }

  /** As their sender, at their time of receipt (instant). */
  async apply(user: string, commands: string, received: string): Promise<void> {
    await this.call({ op: 'apply', user, commands, received })
  }

  /** With the owner's rights. */
  database(): Database {
    return databaseOver((call) => this.call(call))
  }
}

export function databaseOver(pass: (call: BackendCall) => Promise<unknown>): Database {
  const databaseIn = (tx: number | null): Database => ({
    query: <T>(sql: string, params: readonly SqlValue[] = []) =>
      pass({ op: 'query', sql, params, tx }) as Promise<T[]>,
    exec: async (sql) => void (await pass({ op: 'exec', sql, tx })),
    transaction: (fn) =>
      tx === null ? transaction(fn) : Promise.reject(new Error('Transactions do not nest.')),
    close: async () => undefined,
  })
  async function transaction<T>(fn: (tx: Database) => Promise<T>): Promise<T> {
    const tx = (await pass({ op: 'begin' })) as number
    let result: T
    try {
      result = await fn(databaseIn(tx))
    } catch (error) {
      await pass({ op: 'end', tx, commit: false }).catch(() => undefined)
      throw error
    }
    await pass({ op: 'end', tx, commit: true })
    return result
  }
  return databaseIn(null)
}
