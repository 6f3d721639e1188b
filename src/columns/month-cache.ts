import type { PackedMonth } from '@/domain/answers/columns.ts'
import type { LocalMonth } from '@/domain/vocabulary.ts'

/**
 * Packed months kept on the device between visits, in IndexedDB. `scope` says whose they are
 * (instance, user and scope key), so that nobody sees another's; `erase` forgets everything.
 */
export interface MonthCache {
  /** The kept months of a scope whose revision is still the wanted one. */
  read(scope: string, wanted: ReadonlyMap<LocalMonth, string>): Promise<PackedMonth[]>
  write(scope: string, months: readonly PackedMonth[]): Promise<void>
  remove(scope: string, months: readonly LocalMonth[]): Promise<void>
  /** Removes every month of every scope but `keep`. */
  erase(keep?: string): Promise<void>
}

const databaseName = 'wangge-months'
const storeName = 'months'

/** One stored record, its key first; strings only, which every browser stores faithfully. */
interface CachedMonth {
  scope: string
  month: LocalMonth
  packed: PackedMonth
}

/** @throws what IndexedDB throws: private windows and full disks are ordinary; callers go on without */
export function openMonthCache(factory: IDBFactory = globalThis.indexedDB): MonthCache {
  let opened: Promise<IDBDatabase> | null = null
  const database = () => (opened ??= open(factory).catch(forget))
  const forget = (error: unknown): never => {
    opened = null
    throw error
  }

  const transaction = async <T>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => IDBRequest<T> | null,
  ): Promise<T | null> => {
    const db = await database()
    return new Promise((resolve, reject) => {
      const tx = db.transaction(storeName, mode)
      const request = work(tx.objectStore(storeName))
      tx.oncomplete = () => resolve(request ? request.result : null)
      tx.onabort = () => reject(tx.error)
      tx.onerror = () => reject(tx.error)
    })
  }

  return {
    async read(scope, wanted) {
      const range = IDBKeyRange.bound([scope], [scope, []])
      const records = (await transaction<CachedMonth[]>('readonly', (s) => s.getAll(range))) ?? []
      return records
        .map((record) => record.packed)
        .filter((packed) => wanted.get(packed.month) === packed.revision)
    },
    async write(scope, months) {
      await transaction('readwrite', (store) => {
        for (const packed of months)
          store.put({ scope, month: packed.month, packed } satisfies CachedMonth)
        return null
      })
    },
    async remove(scope, months) {
      await transaction('readwrite', (store) => {
        for (const month of months) store.delete([scope, month])
        return null
      })
    },
    async erase(keep) {
      await transaction('readwrite', (store) => {
        if (keep === undefined) store.clear()
        else {
          store.delete(IDBKeyRange.upperBound([keep], true))
          store.delete(IDBKeyRange.lowerBound([keep, []], true))
        }
        return null
      })
    },
  }
}

const open = (factory: IDBFactory): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = factory.open(databaseName, 1)
    request.onupgradeneeded = () =>
      request.result.createObjectStore(storeName, { keyPath: ['scope', 'month'] })
    request.onsuccess = () => {
      // Another tab's newer version must not wait for this one.
      request.result.onversionchange = () => request.result.close()
      resolve(request.result)
    }
    request.onerror = () => reject(request.error)
  })
