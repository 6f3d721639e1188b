import type { Draft } from '@/domain/command/command.ts'
import { base64FromBytes } from '@/domain/bytes.ts'
import { photoFacts, type ItemRow, type OutboxDatabase, type PhotoRow } from './database.ts'
import { fields } from './fields.ts'
import type { QueueOwner } from './types.ts'

interface ExportHead extends QueueOwner {
  format: 'wangge-outbox'
  version: 1
  exportedAt: string
}
const exported = [
  'id',
  'at',
  'type',
  'hash',
  'replaces',
  'draftId',
  'error',
  'isRecorded',
  'applied',
] as const satisfies (keyof ItemRow)[]
interface ExportedItem extends Pick<ItemRow, (typeof exported)[number]> {
  /** Other states become `queued`. */
  state: 'queued' | 'conflict' | 'rejected' | 'recalled'
  payload: string
}
type ExportedPhoto = Pick<
  PhotoRow,
  'hash' | 'mediaType' | 'width' | 'height' | 'takenAt' | 'lon' | 'lat'
> & { base64: string; thumbnailBase64?: string }

/** Built photo by photo, to save memory. */
export async function exportFile(
  db: OutboxDatabase,
  { instanceId, userId }: QueueOwner,
  now: number,
): Promise<Blob> {
  const { drafts, items } = await db.read(async () => {
    const rows = await db.items.orderBy('seq').toArray()
    const payloads = await db.payloads.bulkGet(rows.map(({ id }) => id))
    return {
      drafts: await db.drafts.toArray(),
      items: rows.map((row, index) => exportedItem(row, payloads[index]!.payload)),
    }
  }, [db.drafts, db.items, db.payloads])
  const head: ExportHead = {
    format: 'wangge-outbox',
    version: 1,
    instanceId,
    userId,
    exportedAt: new Date(now).toISOString(),
  }
  const parts: BlobPart[] = [JSON.stringify(head).slice(0, -1)]
  parts.push(`,"drafts":${JSON.stringify(drafts)},"items":${JSON.stringify(items)},"photos":[`)
  let separator = ''
  for (const hash of await namedPhotos(db, drafts)) {
    const photo = await exportedPhoto(db, hash)
    if (!photo) continue
    // A blob need not stay in memory.
    parts.push(new Blob([separator, JSON.stringify(photo)]))
    separator = ','
  }
  parts.push(']}')
  return new Blob(parts, { type: 'application/json' })
}

function exportedItem(row: ItemRow, payload: string): ExportedItem {
  const { state } = row
  const isKept = state === 'conflict' || state === 'rejected' || state === 'recalled'
  return { ...fields(row, exported), payload, state: isKept ? state : 'queued' }
}

async function namedPhotos(db: OutboxDatabase, drafts: readonly Draft[]): Promise<Set<string>> {
  const ofItems = await db.read(() => db.items.orderBy('photoHashes').uniqueKeys(), [db.items])
  return new Set([...drafts.flatMap(({ photoHashes }) => photoHashes), ...ofItems.map(String)])
}

const exportedPhoto = (db: OutboxDatabase, hash: string): Promise<ExportedPhoto | undefined> =>
  db.read(async () => {
    const row = await db.photos.get(hash)
    const file = await db.photoBytes.get(hash)
    const thumbnail = await db.thumbnails.get(hash)
    if (!row || !file) return undefined
    const facts = fields(row, [...photoFacts, 'hash'])
    return {
      ...facts,
      base64: base64FromBytes(new Uint8Array(file.bytes)),
      ...(thumbnail && { thumbnailBase64: base64FromBytes(new Uint8Array(thumbnail.bytes)) }),
    }
  }, [db.photos, db.photoBytes, db.thumbnails])
