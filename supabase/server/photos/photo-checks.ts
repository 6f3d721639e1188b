import { createHash } from 'node:crypto'
import { checkPhoto, photoPath } from '../../../src/domain/photo/photo-rules.ts'
import type { PhotoName, PhotoVerdict } from '../../../src/domain/photo/photo-rules.ts'
import type { Database } from '../base/database-types.ts'
import type { PhotoStore } from './photo-store.ts'

/** Photos per statement. */
const batchSize = 1000

export function judgePhoto({ hash, mediaType }: PhotoName, bytes: Uint8Array): PhotoVerdict {
  const actualHash = createHash('sha256').update(bytes).digest('hex')
  return checkPhoto(bytes, { mediaType, hash, actualHash })
}

export async function recordPhoto(
  db: Database,
  { owner, hash }: PhotoName,
  verdict: Extract<PhotoVerdict, { ok: true }>,
): Promise<void> {
  const { mediaType, bytes, width, height } = verdict
  await db.query(
    `select private.record_photo_check($1::uuid, $2::text, $3::text, $4::int, $5::int, $6::int, 'ok')`,
    [owner, hash, mediaType, bytes, width, height],
  )
}

/**
 * A power cut or an old snapshot loses rows but not files. Damaged files stay unrecorded, so that
 * receipts keep asking for them. Returns the number recorded.
 */
export async function recordUnknownPhotos(
  db: Database,
  store: PhotoStore,
  names: Iterable<PhotoName> | AsyncIterable<PhotoName>,
): Promise<number> {
  let recorded = 0
  let batch: PhotoName[] = []
  const flush = async () => {
    for (const name of await unknownOf(db, batch)) {
      const bytes = await store.read(name)
      const verdict = bytes && judgePhoto(name, bytes)
      if (!verdict?.ok) continue
      await recordPhoto(db, name, verdict)
      recorded += 1
    }
    batch = []
  }
  for await (const name of names) {
    batch.push(name)
    if (batch.length >= batchSize) await flush()
  }
  if (batch.length > 0) await flush()
  return recorded
}

async function unknownOf(db: Database, names: PhotoName[]): Promise<PhotoName[]> {
  const rows = await db.query<{ n: number }>(
    `select asked.n::int as n
       from unnest($1::text[]::uuid[], $2::text[], $3::text[])
              with ordinality as asked (owner, hash, media_type, n)
      where not exists (
        select from public.photo_checks c
         where c.owner = asked.owner and c.hash = asked.hash and c.media_type = asked.media_type
           and c.verdict = 'ok')`,
    [
      names.map(({ owner }) => owner),
      names.map(({ hash }) => hash),
      names.map(({ mediaType }) => mediaType),
    ],
  )
  return rows.map(({ n }) => names[n - 1]!)
}

/** After a restore without photos, receipts must ask devices for them again. */
export async function recordLostPhotos(db: Database, store: PhotoStore): Promise<number> {
  const held = new Set<string>()
  for await (const name of store.names()) held.add(photoPath(name))
  const rows = await db.query<PhotoName & Record<string, unknown>>(
    `select owner::text, hash, media_type as "mediaType" from public.photo_checks where verdict = 'ok'`,
  )
  const lost = rows.filter((name) => !held.has(photoPath(name)))
  await db.query(
    `select private.record_photo_check(c.owner, c.hash, c.media_type, c.bytes, c.width, c.height,
              'refused', 'file_lost')
       from unnest($1::text[]::uuid[], $2::text[]) as l (owner, hash)
       join public.photo_checks c on c.owner = l.owner and c.hash = l.hash`,
    [lost.map(({ owner }) => owner), lost.map(({ hash }) => hash)],
  )
  return lost.length
}
