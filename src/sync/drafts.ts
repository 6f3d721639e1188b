import type { Draft } from '@/domain/command/command.ts'
import type { OutboxDatabase } from './database.ts'
import { OutboxError } from './errors.ts'
import { claimPhotos, releasePhotos } from './photos.ts'
import { madeOfDraft, needSeen, takeAway } from './queue.ts'

/** See `Outbox.saveDraft`. @throws OutboxError `already_sent`, `changed_elsewhere` */
export const saveDraft = (db: OutboxDatabase, draft: Draft, seen?: string | null): Promise<void> =>
  db.write(async () => {
    const before = await db.drafts.get(draft.id)
    needSeen(before, seen)
    if (!before && (await madeOfDraft(db, draft.id, draft.replaces ?? null)))
      throw new OutboxError('already_sent', draft.id)
    const known = new Set(before?.photoHashes)
    await claimPhotos(
      db,
      draft.photoHashes.filter((hash) => !known.has(hash)),
    )
    await db.drafts.put(draft)
  }, [db.drafts, db.items, db.receipts, db.photos])

export const loadDrafts = async (db: OutboxDatabase): Promise<Draft[]> => {
  const drafts = await db.read(() => db.drafts.toArray(), [db.drafts])
  return drafts.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1))
}

export const deleteDraft = (db: OutboxDatabase, id: string, seen?: string | null): Promise<void> =>
  db.write(async () => {
    const draft = await db.drafts.get(id)
    if (!draft) return
    needSeen(draft, seen)
    await db.drafts.delete(id)
    const recalled =
      draft.replaces === undefined ? undefined : await db.items.get({ id: draft.replaces })
    if (recalled?.state === 'recalled') await takeAway(db, recalled)
    await releasePhotos(db, draft.photoHashes)
  })
