import type { WireCommand } from '../domain/command.ts'
import type { ItemWaits } from './back-off.ts'
import type { ItemRow, OutboxDatabase } from './database.ts'

export const mostCommands = 200
/** The server takes 1 MiB of JSON; some room for how it counts. */
const mostCallBytes = 960 * 1024
/** So that reports without photos that come in meanwhile do not wait for long. */
const itemsToUpload = 4

export interface Pick {
  /** May go now: the first of their incidents, photos at the server. */
  sendable: ItemRow[]
  /** Their photos come first. */
  toUpload: ItemRow[]
}

/** The first items that may be sent, at most `limit`, and the first that need uploads before. */
export const pick = (
  db: OutboxDatabase,
  limit: number,
  waits: ItemWaits,
  now: number,
): Promise<Pick> =>
  db.read(async () => {
    const picked: Pick = { sendable: [], toUpload: [] }
    const alone: ItemRow[] = []
    let seq = 0
    while (picked.sendable.length < limit) {
      const rows = await db.inState('queued', seq).limit(500).toArray()
      const uploaded = await uploadedOf(db, rows)
      for (const row of rows) {
        if (waits.isWaiting(row.id, now)) continue
        if (!row.photoHashes.every((hash) => uploaded.has(hash))) {
          if (picked.toUpload.length < itemsToUpload) picked.toUpload.push(row)
        } else if (waits.goesAlone(row.id)) alone.push(row)
        else if (picked.sendable.length < limit) picked.sendable.push(row)
      }
      if (rows.length < 500) break
      seq = rows.at(-1)!.seq
    }
    if (picked.sendable.length === 0) picked.sendable = alone.slice(0, 1)
    return picked
  }, [db.items, db.photos])

async function uploadedOf(db: OutboxDatabase, rows: readonly ItemRow[]): Promise<Set<string>> {
  const hashes = [...new Set(rows.flatMap((row) => row.photoHashes))]
  const photos = hashes.length > 0 ? await db.photos.bulkGet(hashes) : []
  return new Set(hashes.filter((_, index) => photos[index]?.isUploaded === 1))
}

/** Marks items as on their way and returns them with what goes over the wire, as much as fits. */
export const take = (
  db: OutboxDatabase,
  rows: readonly ItemRow[],
  actor: string,
): Promise<{ taken: ItemRow[]; commands: WireCommand[] }> =>
  db.write(async () => {
    const current = await db.items.bulkGet(rows.map(({ seq }) => seq))
    const payloads = await db.payloads.bulkGet(rows.map(({ id }) => id))
    const taken: ItemRow[] = []
    const commands: WireCommand[] = []
    let bytes = 2
    for (const [index, { id }] of rows.entries()) {
      const row = current[index]
      const payload = payloads[index]?.payload
      // another tab may have been quicker
      if (row?.id !== id || row.state !== 'queued' || payload === undefined) continue
      const command = wireCommand(row, payload, actor)
      bytes += new TextEncoder().encode(JSON.stringify(command)).length + 1
      if (taken.length > 0 && bytes > mostCallBytes) break
      taken.push({ ...row, state: 'sending', attempts: row.attempts + 1 })
      commands.push(command)
    }
    await db.items.bulkPut(taken)
    return { taken, commands }
  }, [db.items, db.payloads])

const wireCommand = (row: ItemRow, payload: string, actor: string): WireCommand => ({
  id: row.id,
  actor,
  type: row.type,
  at: row.at,
  payload,
  ...(row.replaces !== null && { replaces: row.replaces }),
})
