import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { open, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../../base/files.ts'
import type { DeskRefusal } from '../../doors/imports.ts'

export interface IncomingLimits {
  bytes: number
  /** Without a new byte, in milliseconds. */
  stalledMs: number
  /** Free bytes of the disk; tests pass a full one. */
  freeBytes: (folder: string) => Promise<number>
}

/** Stays free for the database and its journal. */
const reservedBytes = 512 * 1024 * 1024

export const incomingLimits: IncomingLimits = {
  bytes: 2 * 1024 ** 3,
  stalledMs: 60_000,
  freeBytes: async (folder) => {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  },
}

/** Bytes between two looks at the disk. */
const lookEvery = 32 * 1024 * 1024

class Refused extends Error {
  readonly refusal: DeskRefusal
  constructor(refusal: DeskRefusal) {
    super(refusal)
    this.refusal = refusal
  }
}

async function nextChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  stalledMs: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  let timer: NodeJS.Timeout | undefined
  let givenUp = (): void => undefined
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refused('import_too_slow')), stalledMs)
    givenUp = () => reject(new Refused('import_broken_off'))
    if (signal?.aborted) givenUp()
    signal?.addEventListener('abort', givenUp)
  })
  try {
    const next = await Promise.race([reader.read(), stalled])
    return next.done ? null : next.value
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', givenUp)
  }
}

/**
 * Writes a request's body into a file of the folder, whose name nobody outside chooses. A body that is
 * too large, too slow or not whole leaves nothing.
 * @param signal gives the file up.
 */
export async function receiveFile(
  request: Request,
  folder: string,
  limits: IncomingLimits,
  signal?: AbortSignal,
): Promise<{ path: string; bytes: number } | { refusal: DeskRefusal }> {
  const told = request.headers.get('content-length')
  const declared = told === null ? null : Number(told)
  if ((declared ?? 0) > limits.bytes) return { refusal: 'import_too_large' }
  makeFolder(folder)
  const hasRoom = async (more: number): Promise<boolean> =>
    (await limits.freeBytes(folder)) - more >= reservedBytes
  if (!(await hasRoom(declared ?? 0))) return { refusal: 'import_no_room' }
  if (!request.body) return { refusal: 'import_broken_off' }
  const path = join(folder, randomUUID())
  const reader = request.body.getReader()
  const file = await open(path, 'wx', 0o600)
  let bytes = 0
  let looked = 0
  try {
    for (;;) {
      const chunk = await nextChunk(reader, limits.stalledMs, signal)
      if (!chunk) break
      bytes += chunk.length
      if (bytes > limits.bytes) throw new Refused('import_too_large')
      if (bytes - looked > lookEvery) {
        if (!(await hasRoom(0))) throw new Refused('import_no_room')
        looked = bytes
      }
      await file.writeFile(chunk)
    }
    if (bytes === 0 || (declared !== null && declared !== bytes))
      throw new Refused('import_broken_off')
    await file.close()
    return { path, bytes }
  } catch (error) {
    // not awaited: a silent client never lets go
    void reader.cancel().catch(() => undefined)
    await file.close().catch(() => undefined)
    rmSync(path, { force: true })
    if (error instanceof Refused) return { refusal: error.refusal }
    const { code } = error as NodeJS.ErrnoException
    return { refusal: code === 'ENOSPC' ? 'import_no_room' : 'import_broken_off' }
  }
}
