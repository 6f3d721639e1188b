import { existsSync } from 'node:fs'
import { judgePhoto } from '../photos/photo-checks.ts'
import { PhotoStore, photosFolder } from '../photos/photo-store.ts'

/** The folder of photos that belongs to a backup's file: `city.photos` beside `city.tar.zst`. */
export function photosBeside(backup: string): string {
  return `${backup.replace(/\.tar\.zst$/, '')}.photos`
}

/**
 * Puts the photos of a data folder beside a backup, those that are not there yet. To be done after
 * the database was copied: photos only ever come in, so all it names are among them. Returns how many
 * were added.
 */
export async function backUpPhotos(dataDir: string, backup: string): Promise<number> {
  const photos = new PhotoStore(photosFolder(dataDir))
  let target: PhotoStore | null = null
  let added = 0
  for await (const name of photos.names()) {
    target ??= new PhotoStore(photosBeside(backup))
    if (await target.takeFrom(photos, name)) added += 1
  }
  return added
}

/**
 * Brings the photos beside a backup into a data folder. What is there stays, as do newer photos; a
 * damaged one is left out. Returns how many came in and how many were damaged.
 */
export async function restorePhotos(
  backup: string,
  photos: PhotoStore,
): Promise<{ restored: number; damaged: number }> {
  const count = { restored: 0, damaged: 0 }
  if (!existsSync(photosBeside(backup))) return count
  const source = new PhotoStore(photosBeside(backup))
  for await (const name of source.names()) {
    const held = await photos.read(name)
    if (held && judgePhoto(name, held).ok) continue
    const bytes = await source.read(name)
    if (bytes && judgePhoto(name, bytes).ok) {
      await photos.write(name, bytes)
      count.restored += 1
    } else count.damaged += 1
  }
  return count
}
