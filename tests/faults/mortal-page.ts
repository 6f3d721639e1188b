import { KillableLocks } from '../fixtures/outbox/killable-locks.ts'

/**
 * What a page has of its device. When the tab dies, transactions that have not committed are undone,
 * its locks are free, its calls get no answer, and nothing it still does has any effect.
 */
export class MortalPage {
  readonly indexedDB: IDBFactory
  readonly locks: ReturnType<KillableLocks['client']>
  #isDead = false
  #active = new Set<IDBTransaction>()

  constructor(device: { indexedDB: IDBFactory; locks: KillableLocks }) {
    this.locks = device.locks.client()
    this.indexedDB = this.#gated(device.indexedDB)
  }

  die(): void {
    this.#isDead = true
    for (const transaction of this.#active) {
      try {
        transaction.abort()
      } catch {
        // it had committed
      }
    }
    this.locks.kill()
  }

  /** For whatever the page would do next. */
  async unlessDead<T>(run: () => Promise<T>): Promise<T> {
    return this.#isDead ? never : run()
  }

  async fetch(...request: Parameters<typeof fetch>): Promise<Response> {
    if (this.#isDead) return never
    const response = await fetch(...request).catch((error: unknown) => this.#orNever(error))
    return this.#isDead ? never : response
  }

  #orNever(error: unknown): Promise<never> {
    return this.#isDead ? never : Promise.reject(error)
  }

  #gated(factory: IDBFactory): IDBFactory {
    const gate = (db: IDBDatabase): void => {
      const begin = db.transaction.bind(db)
      db.transaction = (...args) => {
        if (this.#isDead) throw new DOMException('the page is gone', 'InvalidStateError')
        const transaction = begin(...args)
        this.#active.add(transaction)
        for (const end of ['complete', 'abort'])
          transaction.addEventListener(end, () => this.#active.delete(transaction))
        return transaction
      }
    }
    return new Proxy(factory, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (name !== 'open') return typeof member === 'function' ? member.bind(target) : member
        return (...args: Parameters<IDBFactory['open']>) => {
          const request = target.open(...args)
          request.addEventListener('success', () => gate(request.result))
          return request
        }
      },
    })
  }
}

const never = new Promise<never>(() => {})
