import type { WireCommand } from '@/domain/command/command.ts'
import type { ItemWaits } from './back-off.ts'
import type { ItemRow, OutboxDatabase, RowState } from './database.ts'

export const maxCommands = 200
/** The server takes 1 MiB; keep a margin. */
const maxCallBytes = 960 * 1024
/** A comma, and `sentAt` of a command when its call leaves. */
const stampBytes = 40
const itemsToUpload = 16
const chunk = 200
/** A longer hold comes from a device clock that was set back. */
export const maxHoldMs = 60_000

/** Held items count as waits, so that the sender wakes for them. */
function isReady({ id, notBefore = 0 }: ItemRow, waits: ItemWaits, now: number): boolean {
  if (notBefore > now && notBefore <= now + maxHoldMs) waits.hold(id, notBefore)
  return !waits.isWaiting(id, now)
}

/** First items of their incidents, photos uploaded. */
export const pickSendable = (
  db: OutboxDatabase,
  limit: number,
  waits: ItemWaits,
  now: number,
): Promise<ItemRow[]> =>
  db.read(async () => {
    const alone: ItemRow[] = []
    const sendable = await firstOf(db, 'queued', limit, (row) => {
      if (!isReady(row, waits, now)) return false
      if (waits.goesAlone(row.id)) alone.push(row)
      return !waits.goesAlone(row.id)
    })
    return sendable.length > 0 ? sendable : alone.slice(0, 1)
  }, [db.items])

export const pickToUpload = (
  db: OutboxDatabase,
  waits: ItemWaits,
  now: number,
): Promise<ItemRow[]> =>
  db.read(() => firstOf(db, 'photos', itemsToUpload, (row) => isReady(row, waits, now)), [db.items])

async function firstOf(
  db: OutboxDatabase,
  state: RowState,
  limit: number,
  isWanted: (row: ItemRow) => boolean,
): Promise<ItemRow[]> {
  const found: ItemRow[] = []
  for (let seq = 0; found.length < limit;) {
    const rows = await db.inState(state, seq).limit(chunk).toArray()
    found.push(...rows.filter(isWanted).slice(0, limit - found.length))
    if (rows.length < chunk) break
    seq = rows.at(-1)!.seq
  }
  return found
}

/** A call's items and their commands. */
export interface Taken {
  taken: ItemRow[]
  commands: WireCommand[]
  bytes: number
}

/** Marks as many as fit into a call. */
export const take = (db: OutboxDatabase, rows: readonly ItemRow[], actor: string): Promise<Taken> =>
  db.write(async () => {
    const current = await db.items.bulkGet(rows.map(({ seq }) => seq))
    const payloads = await db.payloads.bulkGet(rows.map(({ id }) => id))
    const taken: ItemRow[] = []
    const commands: WireCommand[] = []
    let bytes = 2
    for (const [index, { id }] of rows.entries()) {
      const row = current[index]
      const payload = payloads[index]?.payload
      // another tab was faster
      if (row?.id !== id || row.state !== 'queued' || payload === undefined) continue
      const command = wireCommand(row, payload, actor)
      const more = new TextEncoder().encode(JSON.stringify(command)).length + stampBytes
      if (taken.length > 0 && bytes + more > maxCallBytes) break
      bytes += more
      taken.push({ ...row, state: 'sending', attempts: row.attempts + 1 })
      commands.push(command)
    }
    await db.items.bulkPut(taken)
    return { taken, commands, bytes }
  }, [db.items, db.payloads])

/** Undoes `take` for a call that was not made. */
export const giveBack = (db: OutboxDatabase, { taken }: Taken): Promise<void> =>
  db.write(async () => {
    const current = await db.items.bulkGet(taken.map(({ seq }) => seq))
    await db.items.bulkPut(
      taken.flatMap((item, index): ItemRow[] => {
        const row = current[index]
        if (row?.id !== item.id || row.state !== 'sending') return []
        return [{ ...row, state: 'queued', attempts: row.attempts - 1 }]
      }),
    )
  }, [db.items])

const wireCommand = (row: ItemRow, payload: string, actor: string): WireCommand => ({
  id: row.id,
  actor,
  type: row.type,
  at: row.at,
  payload,
  ...(row.replaces !== null && { replaces: row.replaces }),
})
