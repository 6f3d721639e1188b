import type { OutboxDatabase } from './database.ts'
import { deleteOrphans } from './photos.ts'

/** Keys of the server's answers. */
export const seenPrefix = 'seen:'

/** Keeps only unsent work. */
export async function eraseSeen(db: OutboxDatabase): Promise<void> {
  await db.write(async () => {
    await db.kv.where('key').startsWith(seenPrefix).delete()
    await db.receipts.clear()
  }, [db.kv, db.receipts])
  // All forms are closed: even young unnamed photos are orphans.
  await deleteOrphans(db, Infinity)
}
