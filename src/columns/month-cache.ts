import { openDB, type DBSchema, type IDBPDatabase, type IDBPObjectStore } from 'idb'
import type { PackedMonth } from '@/domain/answers/columns.ts'
import type { LocalMonth } from '@/domain/vocabulary.ts'

/** Packed months kept in IndexedDB. `scope` names the only permitted reader. */
export interface MonthCache {
  /** Returns months whose revision is still the wanted one. */
  read(scope: string, wanted: ReadonlyMap<LocalMonth, string>): Promise<PackedMonth[]>
  write(scope: string, months: readonly PackedMonth[]): Promise<void>
  /** Removes all scopes but `keep`. */
  erase(keep?: string): Promise<void>
}

const storeName = 'months'

/** Strings only: every browser stores them faithfully. */
interface CachedMonth {
  scope: string
  month: LocalMonth
  packed: PackedMonth
}
interface MonthSchema extends DBSchema {
  months: { key: [string, LocalMonth]; value: CachedMonth }
}

/** @throws IndexedDB errors, in private windows and on full disks */
export function openMonthCache(): MonthCache {
  let opened: Promise<IDBPDatabase<MonthSchema>> | null = null
  const database = () => (opened ??= openDatabase().catch(forget))
  const forget = (error: unknown): never => {
    opened = null
    throw error
  }
  const change = async (
    work: (
      store: IDBPObjectStore<MonthSchema, [typeof storeName], typeof storeName, 'readwrite'>,
    ) => Promise<unknown>[],
  ): Promise<void> => {
    const transaction = (await database()).transaction(storeName, 'readwrite')
    await Promise.all([...work(transaction.store), transaction.done])
  }

  return {
    async read(scope, wanted) {
      const months = [...wanted.keys()].sort()
      if (months.length === 0) return []
      const range = IDBKeyRange.bound([scope, months[0]], [scope, months.at(-1)])
      return (await (await database()).getAll(storeName, range))
        .map((record) => record.packed)
        .filter((packed) => wanted.get(packed.month) === packed.revision)
    },
    write: (scope, months) =>
      change((store) => months.map((packed) => store.put({ scope, month: packed.month, packed }))),
    erase: (keep) =>
      change((store) =>
        keep === undefined
          ? [store.clear()]
          : [
              store.delete(IDBKeyRange.upperBound([keep], true)),
              store.delete(IDBKeyRange.lowerBound([keep, []], true)),
            ],
      ),
  }
}

const openDatabase = async (): Promise<IDBPDatabase<MonthSchema>> =>
  // Version 2: months carry due minutes.
  openDB<MonthSchema>('wangge-months', 2, {
    upgrade: (database, before) => {
      if (before > 0) database.deleteObjectStore(storeName)
      database.createObjectStore(storeName, { keyPath: ['scope', 'month'] })
    },
    // Another tab's newer version must not wait for this one.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  })
