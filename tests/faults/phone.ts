import { IDBKeyRange } from 'fake-indexeddb'
import { createPinia, setActivePinia } from 'pinia'
import { createApp } from 'vue'
import { toAppError } from '../../src/data/errors.ts'
import { outboxOutsideKey, useOutboxStore } from '../../src/stores/outbox/outbox.store.ts'
import { useSessionStore } from '../../src/stores/session.store.ts'
import { openOutbox, type Outbox } from '../../src/sync/index.ts'
import { memoryStorage } from '../fixtures/fake-backend.ts'
import { Device } from '../fixtures/outbox/device.ts'
import { MortalPage } from '../kit/mortal-page.ts'
import { realNow, withClock } from './device-clock.ts'
import { passwordOfAll } from './people.ts'

export interface PhoneOptions {
  /** People who use it; the first one begins. */
  emails: readonly [string, ...string[]]
  /** Address of the proxy. */
  origin: string
  /** How far its clock is off, in milliseconds. */
  clockOffMs?: number
  random: () => number
  /** Makes it another tab of that device: on the same storage, with the same locks. */
  tabOf?: Phone
}

interface Page {
  session: ReturnType<typeof useSessionStore>
  store: ReturnType<typeof useOutboxStore>
  mortal: MortalPage
}

/**
 * A phone, of one person or shared: the app's own stores and outbox, on a storage that outlives the
 * page. Waits take 15 ms at most and move the phone's clock on instead, so that back-off costs no time.
 */
export class Phone {
  readonly emails: readonly string[]
  /** The person who holds it. */
  email: string
  #options: PhoneOptions
  #origin: string
  /** Every phone has its own storage and locks; its tabs share them. */
  #device: Device
  #localStorage: ReturnType<typeof memoryStorage>
  #offset: number
  #page: Page | null = null
  #outbox: Outbox | null = null
  userId = ''
  /** How often somebody had to sign in again. */
  signIns = 0

  constructor(options: PhoneOptions) {
    this.emails = options.emails
    this.email = options.emails[0]
    this.#options = options
    this.#origin = options.origin
    this.#offset = options.clockOffMs ?? 0
    const { tabOf } = options
    this.#device = tabOf ? tabOf.#device : new Device()
    this.#localStorage = tabOf ? tabOf.#localStorage : memoryStorage()
  }

  get outbox(): Outbox {
    if (!this.#outbox) throw new Error(`${this.email}: the app is not open`)
    return this.#outbox
  }

  now = (): number => realNow() + this.#offset

  /** Opens the app; signs in the first time. */
  open(): Promise<void> {
    return withClock(this.now, () => this.#open())
  }

  async #open(): Promise<void> {
    const pinia = createPinia()
    const app = createApp({ render: () => null }).use(pinia)
    const mortal = new MortalPage(this.#device)
    app.provide(outboxOutsideKey, {
      open: (options) =>
        openOutbox({
          ...options,
          now: this.now,
          random: this.#options.random,
          sleep: (millis, signal) => mortal.call(() => this.#sleep(millis, signal)),
          indexedDB: mortal.indexedDB,
          keyRange: IDBKeyRange,
          locks: mortal.locks,
        }),
    })
    setActivePinia(pinia)
    const session = useSessionStore(pinia)
    const store = useOutboxStore(pinia)
    this.#page = { session, store, mortal }
    await session.start({
      origin: this.#origin,
      storage: this.#localStorage,
      fetch: (input, init) => {
        const asked = input instanceof Request ? input.url : String(input)
        const { pathname, search } = new URL(asked, this.#origin)
        return mortal.call(() => fetch(new URL(pathname + search, this.#origin), init))
      },
    })
    if (session.status !== 'signed-in') await this.#signIn(session)
    await this.#settle(session, store)
  }

  /** The server has another address from now on (a restart takes a new port). */
  moveTo(origin: string): void {
    this.#origin = origin
  }

  /**
   * Signs in again where the session has ended (a renewal whose answer was lost is refused the next
   * time) or the queue asks for it. What is queued waits for that.
   */
  async beHere(): Promise<void> {
    const page = this.#page
    if (!page) return
    const asks = this.#outbox?.status.value.kind === 'needs-sign-in'
    if (page.session.status === 'signed-in' && !asks) return
    this.signIns += 1
    await withClock(this.now, async () => {
      await this.#signIn(page.session)
      await this.#settle(page.session, page.store)
    })
    this.outbox.resume(this.userId)
  }

  /**
   * Another person takes the phone, whatever is queued or on its way. `leaving`: the one before signs
   * out; else their session is simply followed by another, as after it ran out.
   */
  async changePerson(email: string, { leaving }: { leaving: boolean }): Promise<void> {
    const page = this.#page
    if (!page || email === this.email) return
    await withClock(this.now, async () => {
      if (leaving) await page.session.signOut()
      this.email = email
      await this.#signIn(page.session)
      await this.#settle(page.session, page.store)
    })
  }

  async #settle(session: Page['session'], store: Page['store']): Promise<void> {
    this.userId = session.context?.userId ?? ''
    this.#outbox = await store.whenOpen()
    if (this.#outbox.userId !== this.userId) throw new Error('the outbox of somebody else is open')
  }

  /** Closes the app, whatever it is doing. */
  async close(): Promise<void> {
    this.#outbox = null
    await this.#page?.store.close()
    this.#page = null
  }

  /** The tab dies in the middle of whatever it is doing. */
  die(): void {
    this.#page?.mortal.die()
    this.#outbox = null
    this.#page = null
  }

  /** Tries again while there is no server. A person waits between two tries: the server counts them. */
  async #signIn(session: Page['session']): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await session.signIn(this.email, passwordOfAll)
      } catch (error) {
        const { kind } = toAppError(error)
        const passes = kind === 'offline' || kind === 'rate-limited' || kind === 'server'
        if (attempt >= 400 || !passes) throw error
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
