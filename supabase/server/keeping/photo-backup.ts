import { existsSync } from 'node:fs'
import { judgePhoto } from '../photos/photo-checks.ts'
import { PhotoStore, photosFolder } from '../photos/photo-store.ts'

/** `city.photos` beside `city.tar.zst`. */
export function photosBeside(backup: string): string {
  return `${backup.replace(/\.tar\.zst$/, '')}.photos`
}

/**
 * Call it after the database was copied: then no photo named there is missing. Returns how many
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

/** Keeps present photos; leaves out damaged ones. Returns both counts. */
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
