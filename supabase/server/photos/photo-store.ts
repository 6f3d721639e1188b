import { randomUUID } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, rmSync } from 'node:fs'
import { link, mkdir, open, readFile, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { dirname, join } from 'node:path'
import { photoNameFromPath, photoPath } from '../../../src/domain/photo/photo-rules.ts'
import type { PhotoName } from '../../../src/domain/photo/photo-rules.ts'
import { makeFolder } from '../base/files.ts'

const chunkBytes = 64 * 1024
/** Uploads are written here first. */
const incoming = '.incoming'

export function photosFolder(dataDir: string): string {
  return join(dataDir, 'photos')
}

/**
 * Holds `<uploader>/<hash>.<jpg|webp>`, never changed. Paths come only from a `PhotoName`, so none
 * leaves the folder.
 */
export class PhotoStore {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
    makeFolder(join(this.folder, incoming))
  }

  /** Removes uploads cut off by a crash. Only for the holder of the folder's lock. */
  clearIncoming(): void {
    const folder = join(this.folder, incoming)
    for (const file of readdirSync(folder)) rmSync(join(folder, file), { force: true })
  }

  /** Resolves when the whole file would survive a power cut. */
  async write(name: PhotoName, bytes: Uint8Array): Promise<void> {
    const temporary = join(this.folder, incoming, randomUUID())
    try {
      const file = await open(temporary, 'wx', 0o600)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await this.#enter(name, (path) => rename(temporary, path))
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  /** Links or copies a missing photo. */
  async takeFrom(other: PhotoStore, name: PhotoName): Promise<boolean> {
    if (existsSync(this.#pathOf(name))) return false
    try {
      await this.#enter(name, (path) => link(other.#pathOf(name), path))
    } catch {
      // another disk, or one without links
      const bytes = await other.read(name)
      if (!bytes) return false
      await this.write(name, bytes)
    }
    return true
  }

  async read(name: PhotoName): Promise<Uint8Array<ArrayBuffer> | null> {
    return nullIfMissing(async () => new Uint8Array(await readFile(this.#pathOf(name))))
  }

  async size(name: PhotoName): Promise<number | null> {
    return nullIfMissing(async () => (await stat(this.#pathOf(name))).size)
  }

  /** Memory holds a few chunks, however slow the reader. */
  stream(name: PhotoName): ReadableStream<Uint8Array> {
    const file = createReadStream(this.#pathOf(name), { highWaterMark: chunkBytes })
    const strategy = new ByteLengthQueuingStrategy({ highWaterMark: chunkBytes })
    return Readable.toWeb(file, { strategy }) as ReadableStream<Uint8Array>
  }

  async *names(): AsyncGenerator<PhotoName> {
    for (const owner of await readdir(this.folder)) {
      if (owner === incoming) continue
      for (const file of await readdir(join(this.folder, owner)).catch(() => [])) {
        const name = photoNameFromPath(`${owner}/${file}`)
        if (name) yield name
      }
    }
  }

  /** For a user without special rights. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder)
    return bavail * bsize
  }

  async #enter(name: PhotoName, make: (path: string) => Promise<void>): Promise<void> {
    const path = this.#pathOf(name)
    const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await make(path)
    await syncNames(dirname(path))
    if (made) await syncNames(this.folder)
  }

  #pathOf(name: PhotoName): string {
    const path = photoPath(name)
    if (!photoNameFromPath(path)) throw new Error('This is no name of a photo.')
    return join(this.folder, path)
  }
}

async function nullIfMissing<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function syncNames(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
