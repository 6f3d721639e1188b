import type { OutboxDatabase } from './database.ts'
import { deleteOrphans } from './photos.ts'

/** Keys under which pages keep what they were shown, beside what people entered themselves. */
export const seenPrefix = 'seen:'

/**
 * For the moment somebody signs out of a device that others use too: what they saw here goes, what
 * the server has not received of theirs stays.
 */
export async function eraseSeen(db: OutboxDatabase): Promise<void> {
  await db.write(async () => {
    await db.kv.where('key').startsWith(seenPrefix).delete()
    await db.receipts.clear()
  }, [db.kv, db.receipts])
  // No form is open any more: a photo that nothing names is nobody's.
  await deleteOrphans(db, Infinity)
}
