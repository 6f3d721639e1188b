import { photoFacts, type OutboxDatabase, type PhotoRow } from './database.ts'
import { fields } from './fields.ts'
import { sha256Hex } from './hash.ts'
import type { NewPhoto } from '@/domain/photo/new-photo.ts'
import type { StoredPhoto } from './types.ts'

/** An unclaimed photo may belong to an open form. */
const orphanMs = 7 * 24 * 3600_000

/** Equal pictures share a row. */
export async function savePhoto(
  db: OutboxDatabase,
  photo: NewPhoto,
  now: number,
): Promise<StoredPhoto> {
  const { bytes, thumbnail, ...facts } = photo
  const hash = await sha256Hex(bytes)
  const isUploaded = await db.write(async () => {
    const before = await db.photos.get(hash)
    const row: PhotoRow = {
      isUploaded: 0,
      isTried: 0,
      ...before,
      ...facts,
      hash,
      savedAt: now,
      // Receipts must not delete it while its form is open.
      isClaimed: 0,
    }
    await db.photos.put(row)
    await db.photoBytes.put({ hash, bytes })
    if (thumbnail) await db.thumbnails.put({ hash, bytes: thumbnail })
    return row.isUploaded === 1
  }, [db.photos, db.photoBytes, db.thumbnails])
  return { ...photo, hash, isUploaded }
}

export const loadPhoto = (db: OutboxDatabase, hash: string): Promise<StoredPhoto | undefined> =>
  db.read(async () => {
    const row = await db.photos.get(hash)
    const file = await db.photoBytes.get(hash)
    if (!row || !file) return undefined
    const thumbnail = await db.thumbnails.get(hash)
    return {
      ...fields(row, [...photoFacts, 'hash']),
      bytes: file.bytes,
      isUploaded: row.isUploaded === 1,
      ...(thumbnail && { thumbnail: thumbnail.bytes }),
    }
  }, [db.photos, db.photoBytes, db.thumbnails])

export const loadThumbnail = async (
  db: OutboxDatabase,
  hash: string,
): Promise<ArrayBuffer | undefined> =>
  (await db.read(() => db.thumbnails.get(hash), [db.thumbnails]))?.bytes

/** Inside a transaction. */
export async function claimPhotos(db: OutboxDatabase, hashes: readonly string[]): Promise<void> {
  for (const hash of new Set(hashes)) await db.photos.update(hash, { isClaimed: 1 })
}

/** Inside a transaction: deletes unused claimed photos. */
export async function releasePhotos(db: OutboxDatabase, hashes: readonly string[]): Promise<void> {
  for (const hash of new Set(hashes)) {
    const photo = await db.photos.get(hash)
    if (photo?.isClaimed === 1 && !(await isNamed(db, hash))) await deletePhoto(db, hash)
  }
}

/** Photos whose form was never saved. */
export const deleteOrphans = (db: OutboxDatabase, now: number): Promise<void> =>
  db.write(async () => {
    for (const { hash } of await db.photos
      .where('savedAt')
      .below(now - orphanMs)
      .toArray())
      if (!(await isNamed(db, hash))) await deletePhoto(db, hash)
  }, [db.drafts, db.items, db.photos, db.photoBytes, db.thumbnails])

async function isNamed(db: OutboxDatabase, hash: string): Promise<boolean> {
  const items = await db.items.where('photoHashes').equals(hash).count()
  return items > 0 || (await db.drafts.where('photoHashes').equals(hash).count()) > 0
}

async function deletePhoto(db: OutboxDatabase, hash: string): Promise<void> {
  await db.photos.delete(hash)
  await db.photoBytes.delete(hash)
  await db.thumbnails.delete(hash)
}
