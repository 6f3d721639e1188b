import { OutboxDatabase } from './database.ts'
import { exportFile } from './export-file.ts'
import { importFile } from './import-file.ts'
import { releasePhotos } from './photos.ts'
import { promote } from './queue.ts'
import type { ImportReport, OpenOptions, QueueOwner, WaitingQueue } from './types.ts'

type Storage = Pick<OpenOptions, 'indexedDB' | 'keyRange'>

export const databaseName = ({ instanceId, userId }: QueueOwner): string =>
  `wangge-${instanceId}-${userId}`

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const namePattern = new RegExp(`^wangge-(${uuid})-(${uuid})$`)

/**
 * A city set up anew, or restored without its journal, is another instance.
 * @param known used where the browser does not list databases
 */
export async function waitingElsewhere(
  instanceId: string,
  known: readonly QueueOwner[],
  storage: Storage,
): Promise<WaitingQueue[]> {
  const owners = (await ownersHere(storage)) ?? known
  const found: WaitingQueue[] = []
  for (const owner of owners) {
    if (owner.instanceId === instanceId) continue
    const unsent = await withQueue(owner, storage, unsentIn)
    if (unsent > 0) found.push({ ...owner, unsent })
  }
  return found
}

/** Null where the browser does not list databases. */
async function ownersHere({ indexedDB = globalThis.indexedDB }: Storage) {
  const all = await indexedDB.databases?.()
  return all?.flatMap(({ name }): QueueOwner[] => {
    const [, instanceId, userId] = namePattern.exec(name ?? '') ?? []
    return instanceId && userId ? [{ instanceId, userId }] : []
  })
}

const unsentIn = async (db: OutboxDatabase): Promise<number> =>
  (await db.drafts.count()) + (await db.items.count())

async function withQueue<T>(
  owner: QueueOwner,
  { indexedDB, keyRange }: Storage,
  use: (db: OutboxDatabase) => Promise<T>,
): Promise<T> {
  const db = new OutboxDatabase(databaseName(owner), indexedDB, keyRange)
  try {
    await db.open()
    return await use(db)
  } finally {
    db.close()
  }
}

export const exportWaiting = (owner: QueueOwner, storage: Storage, now: number): Promise<Blob> =>
  withQueue(owner, storage, (db) => exportFile(db, owner, now))

/** Moves the queue to the present person. Deletes there only imported, unchanged items. */
export const takeOver = (
  into: { db: OutboxDatabase; owner: QueueOwner },
  from: QueueOwner,
  storage: Storage,
  now: number,
): Promise<ImportReport> =>
  withQueue(from, storage, async (db) => {
    const items = await db.items.toArray()
    const drafts = await db.drafts.toArray()
    const file = await exportFile(db, from, now)
    const report = await importFile(into.db, into.owner, file, now, { fromElsewhere: true })
    const refused = new Set(report.rejected.map(({ id }) => id))
    await db.write(async () => {
      for (const { id, seq, photoHashes, incidentId } of items) {
        if (refused.has(id) || (await db.items.get(seq))?.id !== id) continue
        await db.items.delete(seq)
        await db.payloads.delete(id)
        await releasePhotos(db, photoHashes)
        await promote(db, [incidentId])
      }
      for (const { id, updatedAt, photoHashes } of drafts) {
        if (refused.has(id) || (await db.drafts.get(id))?.updatedAt !== updatedAt) continue
        await db.drafts.delete(id)
        await releasePhotos(db, photoHashes)
      }
    })
    return report
  })
