import type { KillableLocks } from '../fixtures/outbox/killable-locks.ts'

type Begin = () => IDBTransaction

/**
 * A page's share of its device. When the page dies, its open transactions are undone, its locks
 * are free and its calls get no answer. Nothing it still does has any effect.
 */
export class MortalPage {
  readonly indexedDB: IDBFactory
  readonly locks: ReturnType<KillableLocks['client']>
  #isDead = false
  #active = new Set<IDBTransaction>()
  #around: (begin: Begin) => IDBTransaction

  /** @param around runs at each transaction; the page may die before or after it begins */
  constructor(
    device: { indexedDB: IDBFactory; locks: KillableLocks },
    around: (begin: Begin) => IDBTransaction = (begin) => begin(),
  ) {
    this.locks = device.locks.client()
    this.indexedDB = this.#gated(device.indexedDB)
    this.#around = around
  }

  get isDead(): boolean {
    return this.#isDead
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

  /** Runs what the page does next. Never resolves once the page is dead. */
  async call<T>(run: () => Promise<T>): Promise<T> {
    if (this.#isDead) return never
    try {
      const answer = await run()
      return this.#isDead ? never : answer
    } catch (error) {
      if (this.#isDead) return never
      throw error
    }
  }

  #gated(factory: IDBFactory): IDBFactory {
    const gate = (db: IDBDatabase): void => {
      const begin = db.transaction.bind(db)
      db.transaction = (...args) => {
        this.#throwIfDead()
        return this.#around(() => {
          this.#throwIfDead()
          const transaction = begin(...args)
          this.#active.add(transaction)
          for (const end of ['complete', 'abort'])
            transaction.addEventListener(end, () => this.#active.delete(transaction))
          return transaction
        })
      }
    }
    return new Proxy(factory, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (name !== 'open') return typeof member === 'function' ? member.bind(target) : member
        return (...args: Parameters<IDBFactory['open']>) => {
          this.#throwIfDead()
          const request = target.open(...args)
          request.addEventListener('success', () => gate(request.result))
          return request
        }
      },
    })
  }

  #throwIfDead(): void {
    if (this.#isDead) throw new DOMException('the page is gone', 'InvalidStateError')
  }
}

const never = new Promise<never>(() => {})
