import type { OutboxDatabase } from './database.ts'
import { deleteOrphans } from './photos.ts'

/** Prefix of the keys that hold pages' answers of the server. */
export const seenPrefix = 'seen:'

/** Runs at sign-out on shared devices: erases what the person was shown, keeps what is unsent. */
export async function eraseSeen(db: OutboxDatabase): Promise<void> {
  await db.write(async () => {
    await db.kv.where('key').startsWith(seenPrefix).delete()
    await db.receipts.clear()
  }, [db.kv, db.receipts])
  // All forms are closed: photos without a draft or item are orphans, however young.
  await deleteOrphans(db, Infinity)
}
