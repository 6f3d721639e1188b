import { createReadStream, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseLine } from './journal-lines.ts'
import type { JournalEntry, NumberedRecord } from './journal-lines.ts'

export interface Damage {
  segment: number
  /** From 1. */
  line: number
  reason: string
  /** Empty when lines before this one are missing. */
  bytes: Buffer
}

/** With damage and record: lines before this readable one are missing. */
export interface SegmentLine {
  segment: number
  line: number
  bytes: Buffer
  entry: JournalEntry | null
  record: NumberedRecord | null
  damage: Damage | null
}

export interface ReadRange {
  folder: string
  from: number
  /** Later bytes are still being written. */
  lengthOf?(segment: number): number | undefined
}

export function segmentPath(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(8, '0')}.ndjson`)
}

export function segmentsIn(folder: string): number[] {
  return readdirSync(folder)
    .filter((file) => /^\d{8}\.ndjson$/.test(file))
    .map((file) => Number(file.slice(0, 8)))
    .sort((a, b) => a - b)
}

/** "journal/00000003.ndjson, line 17" */
export function placeOf({ segment, line }: Pick<Damage, 'segment' | 'line'>): string {
  return `journal/${basename(segmentPath('', segment))}, line ${line}`
}

export async function* readSegments({
  folder,
  from,
  lengthOf,
}: ReadRange): AsyncGenerator<SegmentLine> {
  const sequence = new Sequence(from)
  for (const segment of segmentsIn(folder)) {
    if (segment < from) continue
    sequence.beginSegment(segment)
    const length = lengthOf?.(segment)
    if (length === 0) continue
    const path = segmentPath(folder, segment)
    for await (const piece of linesIn(path, length)) {
      const line = sequence.judge(piece)
      if (line) yield line
    }
  }
}

export interface Piece {
  bytes: Buffer
  isEnded: boolean
}

export async function* linesIn(path: string, length?: number): AsyncGenerator<Piece> {
  const input = createReadStream(path, length === undefined ? {} : { end: length - 1 })
  let rest: Buffer[] = []
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      rest.push(chunk.subarray(start, end))
      yield { bytes: Buffer.concat(rest), isEnded: true }
      rest = []
      start = end + 1
    }
    if (start < chunk.length) rest.push(chunk.subarray(start))
  }
  if (rest.length > 0) yield { bytes: Buffer.concat(rest), isEnded: false }
}

class Sequence {
  #from: number
  #segment = 0
  #line = 0
  /** Of the last readable line. */
  #last: number | null = null
  /** Damage was found since the last readable line. */
  #isLoose = false
  #hasHeader = false
  #hasLines = false
  #hasOldLines = false
  /** The gap before the next line is accepted. */
  #isAccepted = false

  constructor(from: number) {
    this.#from = from
  }

  beginSegment(segment: number): void {
    // Without a snapshot the journal begins at its first segment.
    if (this.#from === 0) this.#from = segment
    this.#segment = segment
    this.#line = 0
    this.#hasHeader = false
    this.#hasLines = false
    this.#hasOldLines = false
  }

  /** Null for an unfinished line before 0.2: it had no receipt. */
  judge({ bytes, isEnded }: Piece): SegmentLine | null {
    this.#line += 1
    const parsed = parseLine(bytes)
    if (parsed.kind === 'unreadable') {
      const isOld = this.#last === null && (this.#hasOldLines || bytes[0] === 0x7b)
      if (isOld && !isEnded) return null
      return this.#damaged(bytes, parsed.reason)
    }
    if (parsed.kind === 'old') {
      if (this.#last !== null) {
        return this.#damaged(bytes, 'it has no checksum although lines before it have one')
      }
      this.#hasLines = true
      this.#hasOldLines = true
      return this.#whole(bytes, parsed.entry, null, null)
    }
    return this.#numbered(bytes, parsed.record)
  }

  #numbered(bytes: Buffer, record: NumberedRecord): SegmentLine {
    const entry = 'entry' in record ? record.entry : null
    if (this.#hasOldLines) return this.#damaged(bytes, 'it stands among lines of another form')
    if (!('lost' in record)) {
      if (this.#last !== null && record.n <= this.#last) {
        return this.#damaged(bytes, 'it stands there a second time, or in another place')
      }
      if ('segment' in record && (this.#hasHeader || record.segment !== this.#segment)) {
        return this.#damaged(bytes, 'it begins another segment than this one')
      }
    }
    const missing = this.#missingBefore(record)
    this.#last = record.n
    this.#isLoose = false
    this.#isAccepted = 'lost' in record
    this.#hasLines = true
    if ('segment' in record) this.#hasHeader = true
    return this.#whole(bytes, entry, record, missing)
  }

  #missingBefore(record: NumberedRecord): string | null {
    if ('lost' in record || this.#isLoose || this.#isAccepted) return null
    if (this.#last !== null && record.n !== this.#last + 1) {
      return `${record.n - this.#last - 1} lines before it are missing`
    }
    if (!this.#hasLines && !('segment' in record)) return 'the lines before it are missing'
    // The header names the previous segment, which must have been read.
    if (this.#last === null && 'segment' in record) {
      const { previous, segment } = record
      if (previous >= this.#from && previous < segment) return `segment ${previous} is missing`
    }
    return null
  }

  #whole(
    bytes: Buffer,
    entry: JournalEntry | null,
    record: NumberedRecord | null,
    missing: string | null,
  ): SegmentLine {
    const place = { segment: this.#segment, line: this.#line }
    const damage = missing ? { ...place, reason: missing, bytes: Buffer.alloc(0) } : null
    return { ...place, bytes, entry, record, damage }
  }

  #damaged(bytes: Buffer, reason: string): SegmentLine {
    const place = { segment: this.#segment, line: this.#line }
    this.#isLoose = true
    this.#hasLines = true
    return { ...place, bytes, entry: null, record: null, damage: { ...place, reason, bytes } }
  }
}
