import type { CommandError } from '@/domain/command/command.ts'
import type { ItemRow, OutboxDatabase } from './database.ts'
import { receiptRow } from './item-row.ts'
import { releasePhotos } from './photos.ts'
import { promote } from './queue.ts'
import type { Verdict } from './verdict.ts'

export interface Judged {
  item: ItemRow
  verdict: Verdict
}

export const settle = (
  db: OutboxDatabase,
  all: readonly Judged[],
  now: number,
  fallback: CommandError | null,
): Promise<void> =>
  db.write(async () => {
    const rows = await db.items.bulkGet(all.map(({ item }) => item.seq))
    // Skips items settled by another sender.
    const judged = all.filter(
      ({ item }, index) => rows[index]?.id === item.id && rows[index].state === 'sending',
    )
    const received = judged.filter(({ verdict }) => verdict.kind === 'received')
    await receive(db, received, new Date(now).toISOString())
    const back: ItemRow[] = []
    for (const { item, verdict } of judged) {
      if (verdict.kind === 'received') continue
      back.push(afterwards(item, verdict, fallback))
      if (verdict.kind === 'missing-photos')
        for (const hash of verdict.hashes)
          await db.photos.update(hash, { isUploaded: 0, isTried: 0 })
    }
    if (back.length > 0) await db.items.bulkPut(back)
  })

function afterwards(item: ItemRow, verdict: Verdict, fallback: CommandError | null): ItemRow {
  switch (verdict.kind) {
    case 'rejected':
      return { ...item, state: 'rejected', error: verdict.error, isRecorded: verdict.isRecorded }
    case 'conflict':
      return { ...item, state: 'conflict', error: verdict.error, isRecorded: true }
    case 'missing-photos':
      return { ...item, state: 'photos', error: { code: 'missing_photos' }, applied: true }
    case 'wrong-actor':
      return { ...item, state: 'queued', error: { code: 'unauthorized' } }
    default:
      return { ...item, state: 'queued', error: fallback }
  }
}

/** Received items leave the queue only here. */
async function receive(
  db: OutboxDatabase,
  received: readonly Judged[],
  receivedAt: string,
): Promise<void> {
  if (received.length === 0) return
  const items = received.map(({ item }) => item)
  await db.items.bulkDelete(items.map(({ seq }) => seq))
  await db.payloads.bulkDelete(items.map(({ id }) => id))
  await db.receipts.bulkAdd(
    received.map(({ item, verdict }) => {
      const { version, caseNumber } =
        verdict.kind === 'received' ? verdict : { version: null, caseNumber: null }
      return receiptRow(item, { state: 'received', receivedAt, version, caseNumber })
    }),
  )
  await releasePhotos(
    db,
    items.flatMap(({ photoHashes }) => photoHashes),
  )
  await promote(
    db,
    items.map(({ incidentId }) => incidentId),
  )
}
