import type { ItemRow, OutboxDatabase, ReceiptRow, ShownState } from './database.ts'
import { shownStates, titledFields } from './database.ts'
import { commandOf } from './edit.ts'
import { fields } from './fields.ts'
import type { ItemState, ItemSummary, PageRequest, QueuedItem, QueueState } from './types.ts'

const shownFields = titledFields.filter(
  (name) => name !== 'hash' && name !== 'draftId' && name !== 'recalls',
)

const isDone = (state: QueueState): state is ReceiptRow['state'] =>
  state === 'received' || state === 'replaced'
const publicState = (state: ShownState): QueueState =>
  state === 'held' || state === 'photos' ? 'queued' : state
type ShownRow = ItemRow & { state: ShownState }
/** A recalled item is shown as its draft. */
const isShown = (row: ItemRow): row is ShownRow => row.state !== 'recalled'

const everyState: readonly QueueState[] = [
  'queued',
  'sending',
  'conflict',
  'rejected',
  'received',
  'replaced',
]

/** Unsent items first, in queue order; then finished ones, newest first. */
export const page = (
  db: OutboxDatabase,
  { states = everyState, after, limit }: PageRequest,
): Promise<ItemSummary[]> =>
  db.read(async () => {
    const [table, seq] = cursorFrom(after)
    const live = shownStates.filter((state) => states.includes(publicState(state)))
    const found: ItemSummary[] =
      table === 'r' ? [] : await summaries(db, await liveRows(db, live, seq, limit))
    const left = limit - found.length
    if (left <= 0) return found
    const below = table === 'r' ? seq : Infinity
    const done = await doneRows(db, states.filter(isDone), below, left)
    return [...found, ...done.map(doneSummary)]
  }, [db.items, db.receipts])

function cursorFrom(after: string | undefined): ['q' | 'r', number] {
  const seq = Number(after?.slice(1))
  return after?.startsWith('r') ? ['r', seq] : ['q', after ? seq : 0]
}

async function liveRows(
  db: OutboxDatabase,
  states: readonly ShownState[],
  aboveSeq: number,
  limit: number,
): Promise<ShownRow[]> {
  if (states.length === shownStates.length)
    return shown(await db.items.where('seq').above(aboveSeq).filter(isShown).limit(limit).toArray())
  const perState = await Promise.all(
    states.map((state) => db.inState(state, aboveSeq).limit(limit).toArray()),
  )
  return shown(perState.flat())
    .sort((a, b) => a.seq - b.seq)
    .slice(0, limit)
}
const shown = (rows: readonly ItemRow[]): ShownRow[] => rows.filter(isShown)

async function doneRows(
  db: OutboxDatabase,
  states: readonly ReceiptRow['state'][],
  belowSeq: number,
  limit: number,
): Promise<ReceiptRow[]> {
  const perState = await Promise.all(
    states.map((state) => db.doneIn(state, belowSeq).reverse().limit(limit).toArray()),
  )
  return perState
    .flat()
    .sort((a, b) => b.seq - a.seq)
    .slice(0, limit)
}

async function summaries(db: OutboxDatabase, rows: readonly ShownRow[]): Promise<ItemSummary[]> {
  const incidents = [
    ...new Set(rows.filter((row) => row.state === 'held').map((r) => r.incidentId)),
  ]
  const firsts = await Promise.all(incidents.map((id) => db.ofIncident(id).first()))
  const firstOf = new Map(incidents.map((id, index) => [id, firsts[index]]))
  return rows.map((row) => {
    const first = row.state === 'held' ? firstOf.get(row.incidentId) : undefined
    return liveSummary(row, first ?? null)
  })
}

function liveSummary(row: ShownRow, first: ItemRow | null): ItemSummary {
  const { seq, state, attempts, error, applied } = row
  return {
    ...fields(row, shownFields),
    attempts,
    error,
    applied,
    notBefore: row.notBefore ?? null,
    cursor: `q${seq}`,
    state: publicState(state),
    waitingFor: first && waitedFor(first),
    receivedAt: null,
    version: null,
    caseNumber: null,
  }
}

const waitedFor = (first: ItemRow): ItemSummary['waitingFor'] =>
  isShown(first)
    ? { id: first.id, state: publicState(first.state) }
    : { id: first.draftId!, state: 'draft' }

function doneSummary(row: ReceiptRow): ItemSummary {
  const { seq, state, receivedAt, version, caseNumber = null } = row
  return {
    ...fields(row, shownFields),
    state,
    receivedAt,
    version,
    caseNumber,
    cursor: `r${seq}`,
    attempts: 0,
    error: null,
    notBefore: null,
    waitingFor: null,
    applied: state === 'received',
  }
}

export const item = (db: OutboxDatabase, id: string): Promise<QueuedItem | undefined> =>
  db.read(async () => {
    const row = await db.items.get({ id })
    if (row && isShown(row)) {
      const [summary] = await summaries(db, [row])
      const payload = (await db.payloads.get(id))!.payload
      return { ...summary!, hash: row.hash, command: commandOf(row, payload) }
    }
    const done = await db.receipts.get({ id })
    return done && { ...doneSummary(done), hash: done.hash, command: null }
  }, [db.items, db.payloads, db.receipts])

/** Those that are known, in no order. */
export const items = (db: OutboxDatabase, ids: readonly string[]): Promise<ItemSummary[]> =>
  db.read(async () => {
    const live = await summaries(db, shown(await db.items.where('id').anyOf(ids).toArray()))
    const done = await db.receipts.where('id').anyOf(ids).toArray()
    return [...live, ...done.map(doneSummary)]
  }, [db.items, db.receipts])

/** In queue order. */
export const ofIncident = (db: OutboxDatabase, incidentId: string): Promise<QueuedItem[]> =>
  db.read(async () => {
    const rows = shown(await db.ofIncident(incidentId).toArray())
    const payloads = await db.payloads.bulkGet(rows.map(({ id }) => id))
    const found = await summaries(db, rows)
    return rows.map((row, index) => ({
      ...found[index]!,
      hash: row.hash,
      command: commandOf(row, payloads[index]!.payload),
    }))
  }, [db.items, db.payloads])

export const counts = (db: OutboxDatabase): Promise<Record<ItemState, number>> =>
  db.read(async () => {
    const live = await Promise.all(shownStates.map((state) => db.inState(state).count()))
    const [queued = 0, photos = 0, held = 0, sending = 0, conflict = 0, rejected = 0] = live
    return {
      draft: await db.drafts.count(),
      queued: queued + photos + held,
      sending,
      conflict,
      rejected,
      received: await db.doneIn('received').count(),
      replaced: await db.doneIn('replaced').count(),
    }
  }, [db.drafts, db.items, db.receipts])
