import { closeSync, existsSync, fdatasyncSync, ftruncateSync, openSync, rmSync } from 'node:fs'
import { open, readFile, statfs } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, syncFolder, writeDurably } from '../base/files.ts'
import { lineOf, parseLine, salvage } from './journal-lines.ts'
import type { JournalEntry, NumberedRecord, Salvage } from './journal-lines.ts'
import { linesIn, placeOf, readSegments, segmentPath, segmentsIn } from './journal-reader.ts'
import type { Damage, SegmentLine } from './journal-reader.ts'

export type { JournalEntry } from './journal-lines.ts'

/** Bytes left free, for the database and for notes. */
const reservedBytes = 128 * 1024 * 1024

/** The call was not received; the device keeps it. */
export class JournalFull extends Error {
  readonly code = 'server_disk_full'

  constructor(options?: ErrorOptions) {
    super('The server’s disk is full. Keep your work on the device; it is sent later.', options)
    this.name = 'JournalFull'
  }
}

/** Nothing after the damaged line may be applied. */
export class JournalDamaged extends Error {
  readonly damage: Damage

  constructor(damage: Damage) {
    super(`${placeOf(damage)}: ${damage.reason}`)
    this.name = 'JournalDamaged'
    this.damage = damage
  }
}

export interface Loss extends Salvage {
  place: string
  reason: string
}

export interface JournalOptions {
  /** Free bytes on the disk; tests pass a full one. */
  freeBytes?: (folder: string) => Promise<number>
}

interface Waiting {
  entry: JournalEntry
  resolve(settled: () => void): void
  reject(error: unknown): void
}

interface Segment {
  number: number
  file: FileHandle
  /** Whole lines on the disk. */
  length: number
}

/**
 * Puts commands on the disk before the database is asked: PGlite never syncs. Waiting calls share
 * one sync. Each snapshot begins a new segment.
 */
export class Journal {
  /** Removed by `open`: a power cut left it unfinished, without a receipt. */
  readonly torn: Loss | null
  #folder: string
  #segment: Segment
  /** Also counts segments that could not be made. */
  #newest: number
  #last: number
  #waiting: Waiting[] = []
  #writing: Promise<void> | null = null
  #underWay = new Set<Promise<void>>()
  /** A write failed: cut the file to the segment's length before the next one. */
  #isCutOff = false
  #freeBytes: (folder: string) => Promise<number>

  private constructor(folder: string, segment: Segment, last: number, torn: Loss | null) {
    this.#folder = folder
    this.#segment = segment
    this.#newest = segment.number
    this.#last = last
    this.torn = torn
    this.#freeBytes = freeBytesOf
  }

  /** Begins a new segment after the existing ones and after `last`, the number a snapshot names. */
  static async open(dataDir: string, last = 0, options: JournalOptions = {}): Promise<Journal> {
    const folder = join(dataDir, 'journal')
    makeFolder(folder)
    const torn = await dropTornEnd(folder)
    const end = await endOf(folder)
    const number = Math.max(last, ...segmentsIn(folder)) + 1
    const header = { n: end.n + 1, segment: number, previous: end.segment }
    const journal = new Journal(folder, await createSegment(folder, header), header.n, torn)
    if (options.freeBytes) journal.#freeBytes = options.freeBytes
    return journal
  }

  /**
   * Resolves once the entry is on disk; call the result after the database's answer. @throws
   * JournalFull
   */
  append(entry: JournalEntry): Promise<() => void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject })
      this.#writing ??= this.#write()
    })
  }

  /**
   * Begins a segment, and waits for the calls of the old ones: a later copy of the database holds
   * their changes.
   */
  async rotate(): Promise<number> {
    while (this.#writing) await this.#writing
    const underWay = [...this.#underWay]
    const begun = this.#beginSegment()
    // Written to the old segment they would be in neither the snapshot nor the replay after it.
    this.#writing = begun.catch(() => undefined).then(() => this.#write())
    const segment = await begun
    await Promise.all(underWay)
    return segment
  }

  /** Keeps a call once: a later snapshot removes its segment. */
  async setAside(entry: JournalEntry, error: string): Promise<void> {
    await appendOnce(join(this.#folder, 'set-aside.ndjson'), JSON.stringify({ ...entry, error }))
    syncFolder(this.#folder)
  }

  /** @throws JournalDamaged at the first damaged place */
  async *entries(fromSegment = 0): AsyncGenerator<JournalEntry> {
    for await (const { entry, damage } of this.#lines(fromSegment)) {
      if (damage) throw new JournalDamaged(damage)
      if (entry) yield entry
    }
  }

  async damage(fromSegment = 0): Promise<Damage[]> {
    const found: Damage[] = []
    for await (const { damage } of this.#lines(fromSegment)) if (damage) found.push(damage)
    return found
  }

  /** Moves damaged lines into `damaged.ndjson` and marks their places. */
  async acceptLoss(fromSegment = 0): Promise<Loss[]> {
    while (this.#writing) await this.#writing
    const lines: SegmentLine[] = []
    for await (const line of this.#lines(fromSegment)) lines.push(line)
    const losses: Loss[] = []
    for (const { damage } of lines) {
      if (damage) losses.push(await keepDamage(this.#folder, damage))
    }
    const damaged = new Set(lines.flatMap(({ damage }) => (damage ? [damage.segment] : [])))
    for (const segment of damaged) await this.#repair(segment, lines)
    return losses
  }

  dropBefore(segment: number): void {
    for (const old of segmentsIn(this.#folder)) {
      if (old < segment) rmSync(segmentPath(this.#folder, old), { force: true })
    }
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing
    await this.#segment.file.close()
  }

  #lines(from: number): AsyncGenerator<SegmentLine> {
    const { number, length } = this.#segment
    return readSegments({
      folder: this.#folder,
      from,
      lengthOf: (segment) => (segment === number ? length : undefined),
    })
  }

  async #repair(segment: number, lines: SegmentLine[]): Promise<void> {
    const kept: Buffer[] = []
    let lastNumber = 0
    for (const [index, line] of lines.entries()) {
      if (line.segment > segment) break
      if (line.segment === segment && line.damage) {
        const n = (numberAfter(lines, index) ?? lastNumber + 2) - 1
        const isOld = lines.some(
          (other) => other.segment === segment && other.entry && !other.record,
        )
        if (!isOld) kept.push(Buffer.from(lineOf({ n, lost: line.damage.reason })))
      }
      const { record, entry } = line
      if (record) lastNumber = record.n
      if (line.segment === segment && (record || entry)) {
        kept.push(line.bytes, Buffer.from('\n'))
      }
    }
    const content = Buffer.concat(kept)
    const path = segmentPath(this.#folder, segment)
    writeDurably(path, content, 0o600)
    if (segment !== this.#segment.number) return
    await this.#segment.file.close()
    this.#segment = { number: segment, file: await open(path, 'a'), length: content.length }
  }

  async #beginSegment(): Promise<number> {
    this.#cutOff()
    const old = this.#segment
    this.#newest += 1
    const header = { n: this.#last + 1, segment: this.#newest, previous: old.number }
    this.#segment = await createSegment(this.#folder, header)
    this.#last = header.n
    await old.file.close()
    return header.segment
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      let batch = this.#waiting.splice(0)
      try {
        batch = await this.#refuseForRoom(batch)
        await this.#writeBatch(batch.map(({ entry }) => entry))
      } catch (error) {
        const isFull = (error as NodeJS.ErrnoException).code === 'ENOSPC'
        const reason = isFull ? new JournalFull({ cause: error }) : error
        for (const { reject } of batch) reject(reason)
        continue
      }
      for (const { resolve } of batch) resolve(this.#track())
    }
    this.#writing = null
  }

  /** Notes may use the reserve: sessions must end on a full disk. */
  async #refuseForRoom(batch: Waiting[]): Promise<Waiting[]> {
    const { commands = [], notes = [] } = Object.groupBy(batch, ({ entry }) =>
      entry.body ? 'commands' : 'notes',
    )
    const bytes = commands.reduce((sum, { entry }) => sum + Buffer.byteLength(entry.body), 0)
    if (commands.length === 0) return batch
    if ((await this.#freeBytes(this.#folder)) - bytes >= reservedBytes) return batch
    for (const { reject } of commands) reject(new JournalFull())
    return notes
  }

  async #writeBatch(entries: JournalEntry[]): Promise<void> {
    if (entries.length === 0) return
    const lines = entries.map((entry, index) => lineOf({ n: this.#last + index + 1, entry }))
    const bytes = Buffer.from(lines.join(''))
    this.#cutOff()
    const { file } = this.#segment
    this.#isCutOff = true
    await file.appendFile(bytes)
    await file.datasync()
    this.#isCutOff = false
    this.#segment.length += bytes.length
    this.#last += lines.length
  }

  /** A torn line in the middle would be damage. */
  #cutOff(): void {
    if (!this.#isCutOff) return
    truncateDurably(segmentPath(this.#folder, this.#segment.number), this.#segment.length)
    this.#isCutOff = false
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

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** With its header on the disk, or not at all. */
async function createSegment(
  folder: string,
  header: Extract<NumberedRecord, { segment: number }>,
): Promise<Segment> {
  const path = segmentPath(folder, header.segment)
  const file = await open(path, 'ax', 0o600)
  try {
    const line = lineOf(header)
    await file.appendFile(line)
    await file.datasync()
    syncFolder(folder)
    return { number: header.segment, file, length: Buffer.byteLength(line) }
  } catch (error) {
    await file.close()
    rmSync(path, { force: true })
    throw error
  }
}

/** The last readable line; zeros for none. */
async function endOf(folder: string): Promise<{ n: number; segment: number }> {
  for (const segment of segmentsIn(folder).reverse()) {
    let n = 0
    for await (const { bytes } of linesIn(segmentPath(folder, segment))) {
      const parsed = parseLine(bytes)
      if (parsed.kind === 'numbered') n = Math.max(n, parsed.record.n)
    }
    if (n > 0) return { n, segment }
  }
  return { n: 0, segment: 0 }
}

/**
 * Removes an unfinished last line. A line with its line feed, and two lines run into one, are
 * damage for the replay.
 */
async function dropTornEnd(folder: string): Promise<Loss | null> {
  const segment = segmentsIn(folder).at(-1)
  if (segment === undefined) return null
  const path = segmentPath(folder, segment)
  const content = await readFile(path)
  const start = content.lastIndexOf(10) + 1
  const bytes = content.subarray(start)
  if (bytes.length === 0 || parseLine(bytes).kind !== 'unreadable') return null
  if (content.toString('latin1', start).split(' {"n":').length > 2) return null
  let line = 1
  for (const byte of content) if (byte === 10) line += 1
  const loss = await keepDamage(folder, { segment, line, reason: 'it was not finished', bytes })
  truncateDurably(path, start)
  return loss
}

function truncateDurably(path: string, length: number): void {
  const file = openSync(path, 'r+')
  try {
    ftruncateSync(file, length)
    fdatasyncSync(file)
  } finally {
    closeSync(file)
  }
}

function numberAfter(lines: SegmentLine[], index: number): number | undefined {
  return lines.slice(index).find(({ record }) => record)?.record?.n
}

/** Byte for byte. */
async function keepDamage(folder: string, damage: Damage): Promise<Loss> {
  const { reason, bytes } = damage
  const loss = { place: placeOf(damage), reason, ...salvage(bytes) }
  const line = JSON.stringify({ ...loss, bytes: bytes.toString('base64') })
  await appendOnce(join(folder, 'damaged.ndjson'), line)
  syncFolder(folder)
  return loss
}

async function appendOnce(path: string, line: string): Promise<void> {
  if (existsSync(path) && (await readFile(path, 'utf8')).split('\n').includes(line)) return
  const file = await open(path, 'a', 0o600)
  try {
    await file.appendFile(`${line}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
}
