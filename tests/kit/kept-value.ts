import type { Page } from 'playwright'

/**
 * Reads the values that `useKept` stores under a key, straight from IndexedDB.
 * @returns one value for each account that has one
 */
export const keptValues = (page: Page, key: string): Promise<unknown[]> =>
  page.evaluate(async (wanted) => {
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(new Error(request.error?.message))
      })
    const found: unknown[] = []
    for (const { name } of await indexedDB.databases()) {
      const db = await done(indexedDB.open(name!))
      if (db.objectStoreNames.contains('kv')) {
        const table = db.transaction('kv').objectStore('kv')
        const row = (await done(table.get(wanted))) as { value: unknown } | undefined
        if (row) found.push(row.value)
      }
      db.close()
    }
    return found
  }, key)
