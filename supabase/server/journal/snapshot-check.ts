import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import { ServerError, messageOf } from '../base/errors.ts'
import { listSnapshots } from './snapshot-files.ts'
import type { Snapshot } from './snapshot-files.ts'

const block = 512

export interface CheckedSnapshot extends Snapshot {
  /** Why it cannot be restored, else null. */
  damage: string | null
}

/**
 * Reads a whole backup: zstd's checksum, the tar's headers, the database in it. Null for a whole
 * one.
 */
export async function damageOf(path: string): Promise<string | null> {
  const tar = new TarCheck()
  try {
    await pipeline(createReadStream(path), createZstdDecompress(), async (chunks) => {
      for await (const chunk of chunks as AsyncIterable<Buffer>) tar.take(chunk)
    })
    tar.end()
  } catch (error) {
    return messageOf(error)
  }
  const missing = ['PG_VERSION', 'global/pg_control'].find((name) => !tar.files.has(name))
  return missing ? `it holds no database: ${missing} is not in it` : null
}

/** Newest first, up to the first whole one. */
export async function checkNewest(dataDir: string): Promise<CheckedSnapshot[]> {
  const checked: CheckedSnapshot[] = []
  for (const snapshot of listSnapshots(dataDir).reverse()) {
    const damage = await damageOf(snapshot.path)
    checked.push({ ...snapshot, damage })
    if (damage === null) break
  }
  return checked
}

/** Names the damaged snapshots and how to restore the newest whole one. */
export async function wayBack(dataDir: string): Promise<string> {
  const checked = await checkNewest(dataDir)
  const damaged = checked.flatMap(({ path, damage }) =>
    damage === null ? [] : [`The snapshot ${path} is damaged (${damage}).`],
  )
  const newest = checked.find(({ damage }) => damage === null)
  const way = newest
    ? 'Everything that was confirmed to a device is in the newest snapshot that can be read and the journal: ' +
      `npm run restore -- ${newest.path} --with-journal`
    : 'There is no snapshot that can be read: restore a backup with npm run restore -- FILE.'
  return [...damaged, way].join(' ')
}

/** @throws ServerError naming a whole snapshot instead */
export async function requireWhole(path: string, dataDir: string): Promise<void> {
  const damage = await damageOf(path)
  if (damage === null) return
  throw new ServerError(
    `${path} is not a backup, or it is damaged: ${damage}. ${await wayBack(dataDir)}`,
  )
}

class TarCheck {
  readonly files = new Set<string>()
  #rest = Buffer.alloc(0)
  /** Bytes of the present file, padding included. */
  #toCome = 0
  #isEnded = false

  take(chunk: Buffer): void {
    const skipped = Math.min(this.#toCome, chunk.length)
    this.#toCome -= skipped
    let bytes = chunk.subarray(skipped)
    if (bytes.length === 0) return
    bytes = Buffer.concat([this.#rest, bytes])
    while (bytes.length >= block) {
      const size = this.#header(bytes.subarray(0, block))
      bytes = bytes.subarray(block)
      const here = Math.min(size, bytes.length)
      this.#toCome = size - here
      bytes = bytes.subarray(here)
    }
    this.#rest = Buffer.from(bytes)
  }

  end(): void {
    if (this.#toCome > 0 || this.#rest.length > 0) throw new Error('it is cut off')
    if (this.files.size === 0) throw new Error('it is empty')
  }

  /** Returns the padded length of the file. */
  #header(header: Buffer): number {
    if (header.every((byte) => byte === 0)) {
      this.#isEnded = true
      return 0
    }
    if (this.#isEnded) throw new Error('something stands behind its end')
    const text = (from: number, length: number) =>
      header.toString('latin1', from, from + length).split('\0')[0] ?? ''
    let sum = 0
    // The checksum counts its own field as spaces.
    for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte
    if (Number.parseInt(text(148, 8), 8) !== sum) throw new Error('a header in it is damaged')
    const size = Number.parseInt(text(124, 12), 8) || 0
    const prefix = text(345, 155)
    const name = prefix ? `${prefix}/${text(0, 100)}` : text(0, 100)
    this.files.add(name.replace(/^\.?\//, ''))
    return Math.ceil(size / block) * block
  }
}
