import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../base/database-types.ts'
import { messageOf } from '../base/errors.ts'
import { syncTree } from '../base/files.ts'
import type { Encoding } from '../wire/compress.ts'
import type {
  BackendCall,
  BackendOptions,
  BackendStep,
  PackedAnswer,
  PlainRequest,
  PlainResponse,
} from './messages.ts'
import { BackendSession, BackendUnavailable, databaseOver } from './session.ts'

export { BackendUnavailable } from './session.ts'

export interface BackendHooks {
  onProgress?: (step: BackendStep) => void
  /** After each opening; calls are let in once it resolves. */
  onOpened?: (session: BackendSession) => Promise<void>
  onRestart?: (reason: string) => void
  /** Failed too often; stays down. */
  onGivenUp?: (reason: string) => void
}

const watchMs = 30_000
const closePatienceMs = 15_000
/** A server that fails more often is of no use. */
const restartsAllowed = 5
const failuresCountMs = 10 * 60_000

/**
 * Lets calls in to one worker session at a time: opening → (onOpened) → let in → ended → opening …
 */
export class Backend {
  #options: BackendOptions
  #hooks: BackendHooks
  #file: URL
  #session: BackendSession | null = null
  #letIn: BackendSession | null = null
  #restarting: Promise<void> = Promise.resolve()
  #isClosing = false
  #failures: number[] = []
  #timer: NodeJS.Timeout

  private constructor(options: BackendOptions, hooks: BackendHooks, file: URL) {
    this.#options = options
    this.#hooks = hooks
    this.#file = file
    this.#timer = setInterval(() => this.#watch(), watchMs).unref()
  }

  /** Resolves once `onOpened` has. @throws ServerError after everything has stopped */
  static async open(
    options: BackendOptions,
    hooks: BackendHooks = {},
    file = new URL('./worker.ts', import.meta.url),
  ): Promise<Backend> {
    const backend = new Backend(options, hooks, file)
    try {
      await backend.#start()
    } catch (error) {
      clearInterval(backend.#timer)
      throw error
    }
    return backend
  }

  get isReady(): boolean {
    return this.#letIn !== null && this.#letIn.endReason === null
  }

  get tier(): BackendSession['tier'] {
    return this.#session?.tier ?? 'embedded'
  }

  fetch(request: PlainRequest): Promise<PlainResponse> {
    const transfer = request.body ? [request.body] : []
    return this.#call({ op: 'fetch', request }, transfer) as Promise<PlainResponse>
  }

  /**
   * Applies the commands of a body `{p_commands}` as that person. Returns the receipts' text, or null
   * for a refused call: nothing is stored then, and `fetch` tells why.
   */
  receive(user: string, body: string): Promise<string | null> {
    return this.#call({ op: 'receive', user, body }) as Promise<string | null>
  }

  /** The person's `incident_months` as text, or null: `fetch` it. See `KeptColumns`. */
  months(user: string): Promise<string | null> {
    return this.#call({ op: 'months', user }) as Promise<string | null>
  }

  /** The person's `incident_columns`, or null: `fetch` them. @param months written as YYYY-MM */
  columns(
    user: string,
    months: readonly string[],
    encoding: Encoding,
  ): Promise<PackedAnswer | null> {
    const call = { op: 'columns', user, months, encoding } as const
    return this.#call(call) as Promise<PackedAnswer | null>
  }

  /**
   * Packs one more month before anybody asks. See `KeptColumns`.
   * @param least incidents from which on a city is worth it
   * @returns whether there may be another
   */
  ahead(user: string, least: number): Promise<boolean> {
    return this.#call({ op: 'ahead', user, least }) as Promise<boolean>
  }

  /**
   * Null on one's own Postgres. Rejects, and replaces the worker, when the database dropped
   * acknowledged rows.
   */
  async dump(): Promise<Uint8Array | null> {
    try {
      return (await this.#call({ op: 'dump' })) as Uint8Array | null
    } catch (error) {
      void this.checkCanary()
      throw error
    }
  }

  /** Replaces the worker when it fails. */
  async checkCanary(): Promise<void> {
    const session = this.#letIn
    try {
      await session?.canary()
    } catch (error) {
      void session?.end(`canary: ${messageOf(error)}`)
    }
  }

  /** With the owner's rights. */
  database(): Database {
    return databaseOver((call) => this.#call(call))
  }

  /** Finishes the calls under way first. */
  async close(): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#timer)
    const closed = this.#letIn?.call({ op: 'close' })
    if (closed) await Promise.race([closed, rejectAfter(closePatienceMs)]).catch(() => {})
    await this.#session?.end('closed')
    await this.#restarting
    // PGlite never syncs what commands wrote to the folder.
    const folder = join(this.#options.dataDir, 'pg')
    if (closed && existsSync(folder)) await syncTree(folder)
  }

  #call(call: BackendCall, transfer: ArrayBuffer[] = []): Promise<unknown> {
    return this.#letIn?.call(call, transfer) ?? Promise.reject(new BackendUnavailable())
  }

  #watch(): void {
    if (this.#session?.isStuck) void this.#session.end('no answer for too long')
    else void this.checkCanary()
  }

  async #start(): Promise<void> {
    const session = new BackendSession(this.#options, this.#file, this.#hooks.onProgress)
    this.#session = session
    try {
      await session.opened
      await this.#hooks.onOpened?.(session)
    } catch (error) {
      const { endReason } = session
      await session.end(messageOf(error))
      if (endReason !== null && error instanceof BackendUnavailable) throw new Error(endReason)
      throw error
    }
    this.#letIn = session
    void session.ended.then((reason) => {
      this.#letIn = null
      this.#restarting = this.#restart(session, reason)
    })
  }

  /** A session ends once, so restarts come one at a time. */
  async #restart(last: BackendSession, firstReason: string): Promise<void> {
    let reason = firstReason
    await last.end(reason)
    while (!this.#isClosing) {
      const since = Date.now() - failuresCountMs
      this.#failures = [...this.#failures.filter((at) => at > since), Date.now()]
      if (this.#failures.length > restartsAllowed) {
        this.#hooks.onGivenUp?.(reason)
        return
      }
      this.#hooks.onRestart?.(reason)
      try {
        await this.#start()
        return
      } catch (error) {
        reason = messageOf(error)
      }
    }
  }
}

function rejectAfter(milliseconds: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('no answer')), milliseconds).unref()
  })
}
