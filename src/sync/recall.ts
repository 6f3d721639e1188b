import type { Draft } from '@/domain/command/command.ts'
import type { NewCommand } from '@/domain/command/types/index.ts'
import type { ItemRow, OutboxDatabase } from './database.ts'
import { commandOf, draftOfItem } from './edit.ts'
import { neverLeft } from './item-row.ts'
import { promote } from './queue.ts'

/** Null when the server may have the item, and for commands that the report page does not edit. */
export const recall = (db: OutboxDatabase, id: string, now: number): Promise<Draft | null> =>
  db.write(async () => {
    const found = await unsent(db, id)
    const draft = found && draftOfItem(found.item, commandOf(found.item, found.payload), now)
    if (!draft) return null
    await db.drafts.put(draft)
    // The row keeps the place of the draft among the items of its incident.
    await db.items.update(found.item.seq, { state: 'recalled', draftId: draft.id })
    return draft
  })

/** For commands without a draft: their form has its own place. Null as for `recall`. */
export const takeBack = (db: OutboxDatabase, id: string): Promise<NewCommand | null> =>
  db.write(async () => takeBackOne(db, id))

/** In one transaction: the sender takes none of them meanwhile. Returns how many were unsent. */
export const takeBackAll = (db: OutboxDatabase, ids: readonly string[]): Promise<number> =>
  db.write(async () => {
    let taken = 0
    for (const id of ids) if (await takeBackOne(db, id)) taken++
    return taken
  })

async function takeBackOne(db: OutboxDatabase, id: string): Promise<NewCommand | null> {
  const found = await unsent(db, id)
  if (!found) return null
  await takeOut(db, found.item)
  // Receipts of other items must not delete photos of the open form.
  for (const hash of found.item.photoHashes) await db.photos.update(hash, { isClaimed: 0 })
  return commandOf(found.item, found.payload)
}

async function unsent(
  db: OutboxDatabase,
  id: string,
): Promise<{ item: ItemRow; payload: string } | null> {
  const item = await db.items.get({ id })
  if (!item || !neverLeft(item)) return null
  const payload = (await db.payloads.get(id))?.payload
  return payload === undefined ? null : { item, payload }
}

async function takeOut(db: OutboxDatabase, item: ItemRow): Promise<void> {
  await db.items.delete(item.seq)
  await db.payloads.delete(item.id)
  await promote(db, [item.incidentId])
}
