import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** A crash leaves the old or the new content. */
export function writeDurably(path: string, content: string | Uint8Array, mode = 0o644): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const file = openSync(temporary, 'w', mode)
    try {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content
      for (let offset = 0; offset < bytes.length;) {
        offset += writeSync(file, bytes, offset, bytes.length - offset)
      }
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    // on a full disk it would use up the remaining space
    rmSync(temporary, { force: true })
    throw error
  }
  syncFolder(dirname(path))
}

/** Only for the folder's one writer. */
export function removeUnfinished(folder: string): void {
  for (const file of readdirSync(folder)) {
    if (file.endsWith('.tmp')) rmSync(join(folder, file), { force: true })
  }
}

/** Makes a folder, and those above it, durably; mode 0700. */
export function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  makeFolder(dirname(path))
  mkdirSync(path, { recursive: true, mode: 0o700 })
  syncFolder(dirname(path))
}

/** Makes the names in a folder durable. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Makes a folder durable: its name and all below it. Skips files deleted meanwhile. */
export async function syncTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    if (!entry.isFile() && !entry.isDirectory()) continue
    try {
      const file = await open(join(entry.parentPath, entry.name), 'r')
      await file.sync().finally(() => file.close())
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  syncFolder(folder)
  syncFolder(dirname(folder))
}
