import { Dexie } from 'dexie'
import type { Draft } from '@/domain/command/command.ts'
import { commandTypes, type NewCommand } from '@/domain/command/types/index.ts'
import { newUuid } from '@/domain/command/uuid.ts'
import {
  titledFields,
  type ItemRow,
  type New,
  type OutboxDatabase,
  type RowState,
} from './database.ts'
import { OutboxError } from './errors.ts'
import { fields } from './fields.ts'
import { neverLeft, prepareItem, receiptRow, untried, type PreparedItem } from './item-row.ts'
import { claimPhotos, releasePhotos } from './photos.ts'
import { maxHoldMs } from './pick.ts'

export interface EnqueueOptions {
  fromDraft?: string
  draftSeen?: string
  replaces?: string
  holdMs?: number
}

const instant = (millis: number): string => new Date(millis).toISOString()
const answersOf = ({ form: { isPinChecked, notTheseIds } }: Draft): ItemRow['answers'] => ({
  ...(isPinChecked && { isPinChecked }),
  ...(notTheseIds && { notTheseIds }),
})
const isStuck = ({ state }: ItemRow): boolean => state === 'rejected' || state === 'conflict'

export async function enqueue(
  db: OutboxDatabase,
  command: NewCommand,
  { fromDraft, draftSeen, replaces, holdMs }: EnqueueOptions,
  now: number,
): Promise<string> {
  const prepared = await prepareItem(command, { id: newUuid(), at: instant(now) })
  return db.write(async () => {
    const draft = fromDraft === undefined ? undefined : await db.drafts.get(fromDraft)
    needSeen(draft, draftSeen)
    const replaced = replaces ?? draft?.replaces ?? null
    if (fromDraft !== undefined && !draft) {
      const before = await madeOfDraft(db, fromDraft, replaced)
      if (before) return before
    }
    await needPhotos(db, prepared.row.photoHashes)
    const old = replaced === null ? undefined : await replaceable(db, replaced)
    const row: PreparedItem['row'] = {
      ...prepared.row,
      // The server never heard of an item that did not leave.
      ...(old && !isStuck(old)
        ? { replaces: old.replaces, recalls: old.id }
        : { replaces: replaced }),
      draftId: fromDraft ?? null,
      ...(holdMs !== undefined && { notBefore: now + Math.min(holdMs, maxHoldMs) }),
      ...(draft && { answers: answersOf(draft) }),
    }
    if (old) await putInPlaceOf(db, old, { ...prepared, row }, now)
    else await append(db, { ...prepared, row })
    if (draft) await db.drafts.delete(draft.id)
    return row.id
  })
}

/** All or none, in one transaction. Returns their ids in order. */
export async function enqueueAll(
  db: OutboxDatabase,
  commands: readonly NewCommand[],
  { holdMs }: Pick<EnqueueOptions, 'holdMs'>,
  now: number,
): Promise<string[]> {
  const prepared = await Promise.all(
    commands.map((command) => prepareItem(command, { id: newUuid(), at: instant(now) })),
  )
  return db.write(async () => {
    await needPhotos(db, [...new Set(prepared.flatMap(({ row }) => row.photoHashes))])
    const busy = await incidentsWithItems(
      db,
      prepared.map(({ row }) => row.incidentId),
    )
    const rows = prepared.map(({ row }): New<ItemRow> => {
      const isFirst = !busy.has(row.incidentId)
      busy.add(row.incidentId)
      return {
        ...row,
        state: isFirst ? stateToGo(row) : 'held',
        ...(holdMs !== undefined && { notBefore: now + Math.min(holdMs, maxHoldMs) }),
      }
    })
    await db.items.bulkAdd(rows)
    await db.payloads.bulkPut(prepared.map(({ row, payload }) => ({ id: row.id, payload })))
    return rows.map(({ id }) => id)
  })
}

/** Those of the incidents that have unsent items. Reads a short queue whole: a look-up each takes longer. */
async function incidentsWithItems(
  db: OutboxDatabase,
  incidentIds: readonly string[],
): Promise<Set<string>> {
  const isShort = (await db.items.count()) <= 2 * incidentIds.length
  const found = isShort
    ? await db.items.toArray()
    : await Promise.all(incidentIds.map((id) => db.ofIncident(id).first()))
  return new Set(found.flatMap((item) => item?.incidentId ?? []))
}

/** Inside a transaction. */
export async function madeOfDraft(
  db: OutboxDatabase,
  draftId: string,
  replaces: string | null,
): Promise<string | undefined> {
  const items = await db.items.where('draftId').equals(draftId).toArray()
  const done = await db.receipts.where('draftId').equals(draftId).toArray()
  return [...items, ...done].find(
    ({ state, recalls, replaces: corrected }) =>
      state !== 'recalled' && (recalls ?? corrected) === replaces,
  )?.id
}

/** Undefined `seen` skips the check. */
export function needSeen(stored: Draft | undefined, seen: string | null | undefined): void {
  if (stored && seen !== undefined && stored.updatedAt !== seen)
    throw new OutboxError('changed_elsewhere', stored.id)
}

async function needPhotos(db: OutboxDatabase, hashes: readonly string[]): Promise<void> {
  const found = await db.photos.bulkGet([...hashes])
  const missing = hashes.find((_, index) => !found[index])
  if (missing) throw new OutboxError('photo_missing', missing)
  await claimPhotos(db, hashes)
}

async function replaceable(db: OutboxDatabase, id: string): Promise<ItemRow | undefined> {
  const item = await db.items.get({ id })
  const canBe = item && (isStuck(item) || item.state === 'recalled' || neverLeft(item))
  if (item && !canBe) throw new OutboxError('not_editable', item.state)
  const done = item ? undefined : await db.receipts.get({ id })
  if (done) throw new OutboxError(done.state === 'replaced' ? 'already_replaced' : 'not_editable')
  return item
}

/** Uploaded photos are skipped quickly. */
const stateToGo = ({ photoHashes }: Pick<ItemRow, 'photoHashes'>): RowState =>
  photoHashes.length > 0 ? 'photos' : 'queued'

/** Inside a transaction. */
export async function append(
  db: OutboxDatabase,
  { row, payload }: PreparedItem,
  state?: RowState,
): Promise<void> {
  const isFirst = (await db.ofIncident(row.incidentId).count()) === 0
  await db.items.add({ ...row, state: state ?? (isFirst ? stateToGo(row) : 'held') })
  await db.payloads.put({ id: row.id, payload })
}

/** Inside a transaction. Keeps the original's place, unless the incident changed. */
async function putInPlaceOf(
  db: OutboxDatabase,
  old: ItemRow,
  prepared: PreparedItem,
  now: number,
): Promise<void> {
  await db.items.delete(old.seq)
  await db.payloads.delete(old.id)
  if (isStuck(old))
    await db.receipts.add(
      receiptRow(old, {
        state: 'replaced',
        receivedAt: instant(now),
        version: null,
        caseNumber: null,
      }),
    )
  if (old.incidentId !== prepared.row.incidentId) {
    await append(db, prepared)
    return promote(db, [old.incidentId])
  }
  const row: New<ItemRow> = { ...prepared.row, seq: old.seq, state: 'held' }
  await db.items.add(row)
  await db.payloads.put({ id: row.id, payload: prepared.payload })
  await promote(db, [old.incidentId])
}

/** Inside a transaction: releases the first item of each incident. */
export async function promote(db: OutboxDatabase, incidentIds: Iterable<string>): Promise<void> {
  if ((await db.inState('held').count()) === 0) return
  for (const id of new Set(incidentIds)) {
    const first = await db.ofIncident(id).first()
    if (first?.state === 'held') await db.items.update(first.seq, { state: stateToGo(first) })
  }
}

/** Returns the item's id, which may be new. */
export async function retry(db: OutboxDatabase, id: string, now: number): Promise<string> {
  const copyId = newUuid()
  return db.write(async () => {
    const item = await db.items.get({ id })
    if (!item || item.state === 'conflict' || item.state === 'recalled')
      throw new OutboxError('not_editable', item?.state)
    if (item.state !== 'rejected') {
      // The person does not want to wait.
      if (item.notBefore !== undefined) await db.items.update(item.seq, { notBefore: 0 })
      return id
    }
    if (!item.isRecorded) {
      await db.items.update(item.seq, { state: 'held', error: null })
      await promote(db, [item.incidentId])
      return id
    }
    // The server repeats its answer for a recorded id.
    const payload = (await db.payloads.get(id))!.payload
    const row = {
      ...fields(item, titledFields),
      ...untried,
      id: copyId,
      replaces: id,
      ...(item.answers && { answers: item.answers }),
    }
    await putInPlaceOf(db, item, { row, payload }, now)
    return copyId
  })
}

export const discard = (db: OutboxDatabase, id: string): Promise<void> =>
  db.write(async () => {
    const item = await db.items.get({ id })
    if (!item || item.state === 'sending' || item.state === 'recalled')
      throw new OutboxError('not_editable', item?.state)
    await takeAway(db, item)
  })

/** Inside a transaction. Behind a report that never left, nothing has an incident to go to. */
export async function takeAway(db: OutboxDatabase, item: ItemRow): Promise<void> {
  const isHereAlone = neverLeft(item) || item.state === 'recalled'
  const takesAll = isHereAlone && commandTypes[item.type].makesIncident
  const gone = takesAll ? await db.ofIncident(item.incidentId).toArray() : [item]
  await db.items.bulkDelete(gone.map(({ seq }) => seq))
  await db.payloads.bulkDelete(gone.map(({ id }) => id))
  await releasePhotos(
    db,
    gone.flatMap(({ photoHashes }) => photoHashes),
  )
  await promote(db, [item.incidentId])
}

/** Needs the sender's lock. */
export const requeueSending = (db: OutboxDatabase): Promise<number> =>
  db.write(() => db.inState('sending').modify({ state: 'queued' }), [db.items])

const receiptsKept = 20_000
export const forgetOldReceipts = (db: OutboxDatabase): Promise<number> =>
  db.write(async () => {
    const newest = await db.receipts.orderBy('seq').last()
    if (!newest || newest.seq <= receiptsKept) return 0
    return db.receipts
      .where('seq')
      .between(Dexie.minKey, newest.seq - receiptsKept)
      .delete()
  }, [db.receipts])
