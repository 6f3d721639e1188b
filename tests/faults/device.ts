import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { createPinia, setActivePinia } from 'pinia'
import { createApp } from 'vue'
import { toAppError } from '../../src/data/errors.ts'
import { outboxOutsideKey, useOutboxStore } from '../../src/stores/outbox.store.ts'
import { useSessionStore } from '../../src/stores/session.store.ts'
import { openOutbox, type Outbox } from '../../src/sync/index.ts'
import { memoryStorage } from '../fixtures/fake-backend.ts'
import { passwordOfAll } from './people.ts'

export interface DeviceOptions {
  email: string
  /** Address of the proxy. */
  origin: string
  /** How far its clock is off, in milliseconds. */
  clockOffMillis?: number
  random: () => number
  /** Makes it another tab of that device: on the same storage, with the same locks. */
  tabOf?: Device
}

/**
 * A phone of one person: the app's own stores and outbox, on a storage that outlives the page. Waits
 * take 15 ms at most and move the phone's clock on instead, so that back-off costs no time.
 */
export class Device {
  readonly email: string
  #options: DeviceOptions
  #origin: string
  #indexedDB: IDBFactory
  #localStorage: ReturnType<typeof memoryStorage>
  #locks: Pick<LockManager, 'request'>
  #offset: number
  #page: { session: ReturnType<typeof useSessionStore>; close(): Promise<void> } | null = null
  #outbox: Outbox | null = null
  userId = ''

  constructor(options: DeviceOptions) {
    this.email = options.email
    this.#options = options
    this.#origin = options.origin
    this.#offset = options.clockOffMillis ?? 0
    const { tabOf } = options
    this.#indexedDB = tabOf ? tabOf.#indexedDB : new IDBFactory()
    this.#localStorage = tabOf ? tabOf.#localStorage : memoryStorage()
    // every device has its own: phones do not wait for each other
    this.#locks = tabOf ? tabOf.#locks : ownLocks()
  }

  get outbox(): Outbox {
    if (!this.#outbox) throw new Error(`${this.email}: the app is not open`)
    return this.#outbox
  }

  now = (): number => Date.now() + this.#offset

  /** Opens the app; signs in the first time. */
  async open(): Promise<void> {
    const pinia = createPinia()
    const app = createApp({ render: () => null }).use(pinia)
    app.provide(outboxOutsideKey, {
      open: (options) =>
        openOutbox({
          ...options,
          now: this.now,
          random: this.#options.random,
          sleep: (millis, signal) => this.#sleep(millis, signal),
          indexedDB: this.#indexedDB,
          keyRange: IDBKeyRange,
          locks: this.#locks,
        }),
    })
    setActivePinia(pinia)
    const session = useSessionStore(pinia)
    const store = useOutboxStore(pinia)
    await session.start({
      origin: this.#origin,
      storage: this.#localStorage,
      fetch: (input, init) => {
        const asked = input instanceof Request ? input.url : String(input)
        const { pathname, search } = new URL(asked, this.#origin)
        return fetch(new URL(pathname + search, this.#origin), init)
      },
    })
    if (session.status !== 'signed-in') await this.#signIn(session)
    this.userId = session.context?.userId ?? ''
    this.#outbox = await store.whenOpen()
    this.#page = { session, close: () => store.close() }
  }

  /** The server has another address from now on (a restart takes a new port). */
  moveTo(origin: string): void {
    this.#origin = origin
  }

  /** Signs in again where the queue asks for it. */
  async signInAgain(): Promise<void> {
    if (this.#page) await this.#signIn(this.#page.session)
    if (this.#outbox) this.#outbox.resume(this.userId)
  }

  /** Closes the app, whatever it is doing. */
  async close(): Promise<void> {
    this.#outbox = null
    await this.#page?.close()
    this.#page = null
  }

  /** As a person does: tries again while there is no server. */
  async #signIn(session: ReturnType<typeof useSessionStore>): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await session.signIn(this.email, passwordOfAll)
      } catch (error) {
        if (attempt >= 60 || toAppError(error).kind !== 'offline') throw error
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    }
  }

  async #sleep(millis: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(millis, 15))
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
    if (!signal.aborted) this.#offset += millis
  }
}

/** Node's Web Locks are one process's; a prefix makes them one device's. */
let devices = 0
function ownLocks(): Pick<LockManager, 'request'> {
  const prefix = `device ${(devices += 1)} `
  return {
    request: (name: string, ...rest: unknown[]) =>
      (navigator.locks.request as (...args: unknown[]) => Promise<unknown>)(prefix + name, ...rest),
  } as Pick<LockManager, 'request'>
}
