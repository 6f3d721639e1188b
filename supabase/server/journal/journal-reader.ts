import { createReadStream, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseLine } from './journal-lines.ts'
import type { JournalEntry, NumberedRecord } from './journal-lines.ts'

/** A place where the journal is not what was written. */
export interface Damage {
  segment: number
  /** Counted from 1, as an editor does. */
  line: number
  reason: string
  /** The unreadable line; empty where whole lines are missing before this one. */
  bytes: Buffer
}

/** A line of a segment. One with damage and with a record is readable itself: lines before it are missing. */
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
  /** The first segment that is read. */
  from: number
  /** Bytes of a segment that are read; what lies behind them is still being written. */
  lengthOf?(segment: number): number | undefined
}

export function segmentPath(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(8, '0')}.ndjson`)
}

/** The numbers of the segments in a folder, ascending. */
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

/** Reads every line from a segment on and says of each whether it is what was written there. */
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

/** A line's bytes, and whether its line feed is there. */
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

/** Holds each line against those before it. */
class Sequence {
  /** The first segment that must be there. */
  #from: number
  #segment = 0
  #line = 0
  /** The number of the last readable line; null before the first. */
  #last: number | null = null
  /** Damage was found since the last readable line, so numbers may be missing. */
  #isLoose = false
  #hasHeader = false
  #hasLines = false
  #hasOldLines = false
  /** A `lost` line came last: what is missing before the next line was accepted. */
  #isAccepted = false

  constructor(from: number) {
    this.#from = from
  }

  beginSegment(segment: number): void {
    // without a snapshot the journal begins with the first segment that is there
    if (this.#from === 0) this.#from = segment
    this.#segment = segment
    this.#line = 0
    this.#hasHeader = false
    this.#hasLines = false
    this.#hasOldLines = false
  }

  /** Null for a line that a server before 0.2 did not finish: it gave no receipt for it. */
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

  /** Why lines must be missing right before this readable one; null when none are. */
  #missingBefore(record: NumberedRecord): string | null {
    if ('lost' in record || this.#isLoose || this.#isAccepted) return null
    if (this.#last !== null && record.n !== this.#last + 1) {
      return `${record.n - this.#last - 1} lines before it are missing`
    }
    if (!this.#hasLines && !('segment' in record)) return 'the lines before it are missing'
    // nothing was read yet, so the header itself tells whether there was anything to read
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
