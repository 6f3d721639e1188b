import { Worker } from 'node:worker_threads'
import { DatabaseError } from '../database-types.ts'
import type { Database, SqlValue } from '../database-types.ts'
import { ServerError } from '../errors.ts'
import type {
  BackendCall,
  BackendEvent,
  BackendOptions,
  BackendStep,
  PlainRequest,
  PlainResponse,
} from './messages.ts'

/** The backend is being restarted or has stopped; the same call may succeed in a few seconds. */
export class BackendUnavailable extends Error {
  constructor() {
    super('The database is restarting. Try again in a few seconds.')
    this.name = 'BackendUnavailable'
  }
}

export interface BackendHooks {
  onProgress?: (step: BackendStep) => void
  /** Runs after every (re)opening before calls from outside are let in. */
  onOpened?: (backend: Backend) => Promise<void>
  /** The backend failed and is opened again; `reason` is for the log. */
  onRestart?: (reason: string) => void
  /** It failed too often in a row and stays down. */
  onGivenUp?: (reason: string) => void
}

const canaryMilliseconds = 30_000
/** A statement may be slow; a backend silent this long is taken for dead. */
const canaryPatienceMilliseconds = 120_000
const closePatienceMilliseconds = 15_000
const restartsAllowed = 5

interface Pending {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/**
 * The main thread's handle on the backend worker: passes calls, watches over it with a canary, and
 * opens it again when it fails.
 */
export class Backend {
  tier: 'embedded' | 'postgres' = 'embedded'
  fresh = false
  #options: BackendOptions
  #hooks: BackendHooks
  #worker: Worker | null = null
  #pending = new Map<number, Pending>()
  #nextId = 1
  #ready = false
  #closing = false
  #failures: number[] = []
  #timer: NodeJS.Timeout | null = null

  private constructor(options: BackendOptions, hooks: BackendHooks) {
    this.#options = options
    this.#hooks = hooks
  }

  /** Starts the worker and waits until the database answers. Throws `ServerError` when it cannot. */
  static async open(options: BackendOptions, hooks: BackendHooks = {}): Promise<Backend> {
    const backend = new Backend(options, hooks)
    try {
      await backend.#start()
    } catch (error) {
      await backend.#worker?.terminate()
      throw error
    }
    return backend
  }

  get isReady(): boolean {
    return this.#ready
  }

  fetch(request: PlainRequest): Promise<PlainResponse> {
    const transfer = request.body ? [request.body] : []
    return this.#call({ op: 'fetch', request }, transfer) as Promise<PlainResponse>
  }

  /**
   * Repeats journaled commands as their sender, as if now were when they were received (instant);
   * what was applied before changes nothing.
   */
  async apply(user: string, commands: string, received: string): Promise<void> {
    await this.#call({ op: 'apply', user, commands, received })
  }

  /** The database folder as a tar, or null on one's own Postgres. */
  dump(): Promise<Uint8Array | null> {
    return this.#call({ op: 'dump' }) as Promise<Uint8Array | null>
  }

  /** Writes and reads; on failure or silence the worker is replaced. */
  async checkCanary(): Promise<void> {
    if (!this.#ready) return
    const worker = this.#worker
    try {
      await Promise.race([this.#call({ op: 'canary' }), rejectAfter(canaryPatienceMilliseconds)])
    } catch (error) {
      if (worker === this.#worker && this.#ready) this.#fail(`canary: ${(error as Error).message}`)
    }
  }

  /** SQL with the owner's rights. */
  database(): Database {
    return this.#databaseIn(null)
  }

  /** Stops cleanly: what is under way is finished first. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.#timer) clearInterval(this.#timer)
    const worker = this.#worker
    if (!worker) return
    if (this.#ready) {
      await Promise.race([
        this.#call({ op: 'close' }),
        rejectAfter(closePatienceMilliseconds),
      ]).catch(() => undefined)
    }
    this.#ready = false
    await worker.terminate()
    this.#rejectPending()
  }

  #databaseIn(tx: number | null): Database {
    return {
      query: <T>(sql: string, params: readonly SqlValue[] = []) =>
        this.#call({ op: 'query', sql, params, tx }) as Promise<T[]>,
      exec: async (sql) => void (await this.#call({ op: 'exec', sql, tx })),
      transaction: (fn) => this.#transaction(tx, fn),
      close: async () => undefined,
    }
  }

  async #transaction<T>(outer: number | null, fn: (tx: Database) => Promise<T>): Promise<T> {
    if (outer !== null) throw new Error('Transactions do not nest.')
    const tx = (await this.#call({ op: 'begin' })) as number
    let result: T
    try {
      result = await fn(this.#databaseIn(tx))
    } catch (error) {
      await this.#call({ op: 'end', tx, commit: false }).catch(() => undefined)
      throw error
    }
    await this.#call({ op: 'end', tx, commit: true })
    return result
  }

  #call(call: BackendCall, transfer: ArrayBuffer[] = []): Promise<unknown> {
    const worker = this.#worker
    if (!worker || !this.#ready) return Promise.reject(new BackendUnavailable())
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      this.#pending.set(id, { resolve, reject })
      worker.postMessage({ id, call }, transfer)
    })
  }

  async #start(): Promise<void> {
    // lite logs every refused request with its stack; its streams are shown only on request
    const quiet = !process.env.WANGGE_DEBUG
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: this.#options,
      stdout: quiet,
      stderr: quiet,
    })
    this.#worker = worker
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (event: BackendEvent) => {
        if (event.event === 'progress') this.#hooks.onProgress?.(event.step)
        else if (event.event === 'ready') {
          this.tier = event.tier
          this.fresh = event.fresh
          this.#ready = true
          resolve()
        } else if (event.event === 'failed') {
          reject(event.expected ? new ServerError(event.message) : new Error(event.message))
        } else this.#settle(event)
      })
      worker.on('error', (error) => {
        reject(error)
        if (worker === this.#worker && this.#ready) this.#fail((error as Error).message)
      })
      worker.on('exit', (code) => {
        reject(new Error(`The backend ended with code ${code}.`))
        if (worker === this.#worker && this.#ready) this.#fail(`ended with code ${code}`)
      })
    })
    await this.#hooks.onOpened?.(this)
    this.#timer ??= setInterval(() => void this.checkCanary(), canaryMilliseconds).unref()
  }

  #settle(event: Extract<BackendEvent, { id: number }>): void {
    const pending = this.#pending.get(event.id)
    this.#pending.delete(event.id)
    if (event.event === 'reply') pending?.resolve(event.value)
    else pending?.reject(new DatabaseError(event.message, event.code, event.detail))
  }

  #rejectPending(): void {
    for (const pending of this.#pending.values()) pending.reject(new BackendUnavailable())
    this.#pending.clear()
  }

  #fail(reason: string): void {
    if (this.#closing) return
    this.#ready = false
    const broken = this.#worker
    this.#worker = null
    this.#rejectPending()
    const minuteAgo = Date.now() - 60_000
    this.#failures = [...this.#failures.filter((at) => at > minuteAgo), Date.now()]
    if (this.#failures.length > restartsAllowed) {
      this.#hooks.onGivenUp?.(reason)
      return
    }
    this.#hooks.onRestart?.(reason)
    void this.#replace(broken)
  }

  async #replace(broken: Worker | null): Promise<void> {
    await broken?.terminate()
    try {
      await this.#start()
    } catch (error) {
      this.#fail((error as Error).message)
    }
  }
}

function rejectAfter(milliseconds: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('no answer')), milliseconds).unref()
  })
}
