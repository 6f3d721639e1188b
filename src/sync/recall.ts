import type { Draft } from '@/domain/command/command.ts'
import type { OutboxDatabase } from './database.ts'
import { commandOf, draftOfItem } from './edit.ts'
import { promote } from './queue.ts'

/** Null when the server may have the item, and for corrected copies: their original is gone. */
export const recall = (db: OutboxDatabase, id: string, now: number): Promise<Draft | null> =>
  db.write(async () => {
    const item = await db.items.get({ id })
    const isWaiting = item && ['queued', 'photos', 'held'].includes(item.state)
    if (!isWaiting || item.attempts > 0 || item.replaces !== null) return null
    const payload = (await db.payloads.get(id))?.payload
    const draft = payload === undefined ? null : draftOfItem(item, commandOf(item, payload), now)
    if (!draft) return null
    await db.drafts.put(draft)
    await db.items.delete(item.seq)
    await db.payloads.delete(id)
    await promote(db, [item.incidentId])
    return draft
  })
