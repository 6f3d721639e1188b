import { createReadStream, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { PhotoName } from '../../../src/domain/photo/photo-rules.ts'
import { syncFolder } from '../base/files.ts'

/** One call of `apply_commands` as it came in, or a note: a photo was kept, sessions were ended. */
export interface JournalEntry {
  /** Who sent it (`sub` of the verified token). */
  user: string
  /** The request's body, JSON text; empty for a note. */
  body: string
  /** The server's clock (instant). */
  received: string
  /** The photo that is in the data folder since then. */
  photo?: Pick<PhotoName, 'hash' | 'mediaType'>
  /** Ids of the user's sessions that were ended. */
  endedSessions?: string[]
}

interface Waiting {
  line: string
  resolve(settled: () => void): void
  reject(error: unknown): void
}

/**
 * Commands, on disk before the database is asked. PGlite does not fsync: only the journal makes a
 * receipt durable. Calls that wait together share one fsync. The journal is a row of numbered
 * segments; each snapshot begins a new one.
 */
export class Journal {
  #folder: string
  #segment: number
  #file: FileHandle
  #waiting: Waiting[] = []
  #writing: Promise<void> | null = null
  #underWay = new Set<Promise<void>>()
  #cutOff = false

  private constructor(folder: string, segment: number, file: FileHandle) {
    this.#folder = folder
    this.#segment = segment
    this.#file = file
  }

  /**
   * Opens the journal of a data folder and begins a new segment after those that are there and after
   * the number `last`, which a snapshot may know although its journal was set aside.
   */
  static async open(dataDir: string, last = 0): Promise<Journal> {
    const folder = join(dataDir, 'journal')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const segment = Math.max(last, ...segmentsIn(folder)) + 1
    return new Journal(folder, segment, await createSegment(folder, segment))
  }

  /**
   * Resolves when the entry is on disk, with a function to call once the database has answered.
   * Rejects when it cannot be written: then nothing may be applied.
   */
  append(entry: JournalEntry): Promise<() => void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: `${JSON.stringify(entry)}\n`, resolve, reject })
      this.#writing ??= this.#write()
    })
  }

  /**
   * Begins a new segment and waits until every call of the old ones was answered: a database copied
   * after this holds all they changed. Returns the new segment's number.
   */
  async rotate(): Promise<number> {
    while (this.#writing) await this.#writing
    const underWay = [...this.#underWay]
    const begun = this.#beginSegment()
    // appends wait for the new segment: written to the old one, they would be in neither snapshot nor replay
    this.#writing = begun.catch(() => undefined).then(() => this.#write())
    const segment = await begun
    await Promise.all(underWay)
    return segment
  }

  /**
   * Writes a call that can never be repeated to `set-aside.ndjson`, once. Later snapshots remove the
   * segment that holds it.
   */
  async setAside(entry: JournalEntry, error: string): Promise<void> {
    const path = join(this.#folder, 'set-aside.ndjson')
    const file = await open(path, 'a+', 0o600)
    try {
      const line = JSON.stringify({ ...entry, error })
      if ((await file.readFile('utf8')).split('\n').includes(line)) return
      await file.appendFile(`${line}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    syncFolder(this.#folder)
  }

  /** Every entry from a segment on, in order. A last line cut off by a crash had no receipt. */
  async *entries(fromSegment = 0): AsyncGenerator<JournalEntry> {
    for (const segment of segmentsIn(this.#folder)) {
      if (segment < fromSegment) continue
      const input = createReadStream(segmentPath(this.#folder, segment), 'utf8')
      for await (const line of createInterface({ input })) {
        const entry = parseEntry(line)
        if (entry) yield entry
      }
    }
  }

  /** Forgets the segments before this one. */
  dropBefore(segment: number): void {
    for (const old of segmentsIn(this.#folder)) {
      if (old < segment) rmSync(segmentPath(this.#folder, old), { force: true })
    }
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing
    await this.#file.close()
  }

  async #beginSegment(): Promise<number> {
    const old = this.#file
    // counted first: a segment that could not be made whole is never tried again
    this.#segment += 1
    this.#file = await createSegment(this.#folder, this.#segment)
    await old.close()
    return this.#segment
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0)
      try {
        // after a failed write a line may be cut off: it must not swallow the next one
        const lead = this.#cutOff ? '\n' : ''
        await this.#file.appendFile(lead + batch.map(({ line }) => line).join(''))
        await this.#file.datasync()
        this.#cutOff = false
      } catch (error) {
        this.#cutOff = true
        for (const { reject } of batch) reject(error)
        continue
      }
      for (const { resolve } of batch) resolve(this.#track())
    }
    this.#writing = null
  }

  #track(): () => void {
    let settle = () => {}
    const answered = new Promise<void>((resolve) => {
      settle = resolve
    })
    this.#underWay.add(answered)
    void answered.then(() => this.#underWay.delete(answered))
    return settle
  }
}

async function createSegment(folder: string, segment: number): Promise<FileHandle> {
  const file = await open(segmentPath(folder, segment), 'ax', 0o600)
  syncFolder(folder)
  return file
}

function segmentPath(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(8, '0')}.ndjson`)
}

function segmentsIn(folder: string): number[] {
  return readdirSync(folder)
    .filter((file) => /^\d{8}\.ndjson$/.test(file))
    .map((file) => Number(file.slice(0, 8)))
    .sort((a, b) => a - b)
}

function parseEntry(line: string): JournalEntry | null {
  try {
    const entry = JSON.parse(line) as Partial<JournalEntry>
    if (typeof entry.user !== 'string' || typeof entry.body !== 'string') return null
    return entry as JournalEntry
  } catch {
    return null
  }
}
