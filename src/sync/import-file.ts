import * as v from 'valibot'
import { bytesFromBase64 } from '@/domain/bytes.ts'
import { commandTypes, type NewCommand } from '@/domain/command/types/index.ts'
import type { OutboxDatabase } from './database.ts'
import { OutboxError } from './errors.ts'
import { draftSchema, exportSchema, itemSchema, photoSchema } from './export-shape.ts'
import { sha256Hex } from './hash.ts'
import { prepareItem, type PreparedItem } from './item-row.ts'
import { claimPhotos, savePhoto } from './photos.ts'
import { append, promote } from './queue.ts'
import type { ImportReport, QueueOwner } from './types.ts'

type Reason = ImportReport['rejected'][number]['reason']
class Refused extends Error {
  readonly reason: Reason
  constructor(reason: Reason) {
    super(reason)
    this.reason = reason
  }
}

/**
 * A bad photo, draft or item does not stop the others. Items keep their ids, so none is applied
 * twice.
 * @throws OutboxError `not_an_export`, `wrong_user`; `wrong_instance` unless `fromElsewhere`
 */
export async function importFile(
  db: OutboxDatabase,
  owner: QueueOwner,
  file: Blob,
  now: number,
  { fromElsewhere = false } = {},
): Promise<ImportReport> {
  const parsed = v.safeParse(exportSchema, jsonFrom(await file.text()))
  if (!parsed.success) throw new OutboxError('not_an_export', parsed.issues[0].message)
  const { instanceId, userId, photos, drafts, items } = parsed.output
  const isForeign = instanceId !== owner.instanceId
  if (isForeign && !fromElsewhere) throw new OutboxError('wrong_instance', instanceId)
  // Only another instance may give a person another id.
  if (!isForeign && userId !== owner.userId) throw new OutboxError('wrong_user', userId)
  const report: ImportReport = { imported: 0, skipped: 0, rejected: [] }
  const each = async (
    found: readonly unknown[],
    take: (one: unknown) => Promise<boolean>,
    isCounted: boolean,
  ): Promise<void> => {
    for (const one of found) {
      try {
        const isNew = await take(one)
        if (isCounted) report[isNew ? 'imported' : 'skipped']++
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        report.rejected.push({ id: nameOf(one), reason: error.reason })
      }
    }
  }
  await each(photos, (photo) => importPhoto(db, photo, now), false)
  await each(drafts, (draft) => importDraft(db, draft), true)
  await each(items, (item) => importItem(db, isForeign ? asIfNew(item) : item), true)
  return report
}

async function importPhoto(db: OutboxDatabase, value: unknown, now: number): Promise<boolean> {
  const { base64, thumbnailBase64, hash, ...facts } = shaped(photoSchema, value)
  const bytes = decoded(base64)
  if ((await sha256Hex(bytes)) !== hash) throw new Refused('wrong_hash')
  const thumbnail = thumbnailBase64 && { thumbnail: decoded(thumbnailBase64) }
  await savePhoto(db, { ...facts, bytes, ...thumbnail }, now)
  return true
}

async function importDraft(db: OutboxDatabase, value: unknown): Promise<boolean> {
  const draft = shaped(draftSchema, value)
  return db.write(async () => {
    const isKnown =
      (await db.drafts.get(draft.id)) ||
      (await db.items.get({ draftId: draft.id })) ||
      (await db.receipts.get({ draftId: draft.id }))
    if (isKnown) return false
    await claimPhotos(db, draft.photoHashes)
    await db.drafts.put(draft)
    return true
  })
}

/**
 * Drops another instance's verdicts; conflicts are asked again. The id stays: a restored database
 * recognises it.
 */
function asIfNew(value: unknown): unknown {
  const item = (value ?? {}) as Partial<Record<'state', unknown>>
  const askedAgain = item.state === 'conflict' && { state: 'queued', error: null }
  return { ...item, ...askedAgain, isRecorded: false, applied: false }
}

async function importItem(db: OutboxDatabase, value: unknown): Promise<boolean> {
  const item = shaped(itemSchema, value)
  const { id, at, type, state, error, isRecorded, applied, replaces, draftId } = item
  const payload = jsonFrom(item.payload)
  if (!v.is(commandTypes[type].payload, payload)) throw new Refused('wrong_shape')
  if ((await sha256Hex(item.payload)) !== item.hash) throw new Refused('wrong_hash')
  const prepared = await prepareItem({ type, payload } as NewCommand, { id, at }).catch(() => {
    throw new Refused('wrong_shape')
  })
  // The other device may have sent it.
  const about = { hash: item.hash, replaces, draftId, isRecorded, applied, error, attempts: 1 }
  const whole: PreparedItem = { row: { ...prepared.row, ...about }, payload: item.payload }
  const isNew = await db.write(async () => {
    if ((await db.items.get({ id })) || (await db.receipts.get({ id }))) return false
    const photos = await db.photos.bulkGet(whole.row.photoHashes)
    if (photos.includes(undefined)) return 'photo_missing' as const
    await claimPhotos(db, whole.row.photoHashes)
    // Without its draft a recalled item would be seen by nobody.
    const isOrphan = state === 'recalled' && !(await db.drafts.get(draftId ?? ''))
    await append(db, whole, state === 'queued' || isOrphan ? undefined : state)
    await promote(db, [whole.row.incidentId])
    return true
  })
  if (isNew === 'photo_missing') throw new Refused(isNew)
  return isNew
}

function shaped<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const parsed = v.safeParse(schema, value)
  if (!parsed.success) throw new Refused('wrong_shape')
  return parsed.output
}

function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function decoded(base64: string): ArrayBuffer {
  try {
    return bytesFromBase64(base64).buffer
  } catch {
    throw new Refused('wrong_shape')
  }
}

function nameOf(value: unknown): string {
  const { id, hash } = (value ?? {}) as { id?: unknown; hash?: unknown }
  return String(id ?? hash ?? '?')
}
