import { createHash } from 'node:crypto'
import type { PhotoName } from '../../../src/domain/photo/photo-rules.ts'

/** A call of `apply_commands`, or a note of a photo or of ended sessions. */
export interface JournalEntry {
  /** `sub` of the verified token. */
  user: string
  /** JSON text; empty for a note. */
  body: string
  /** Server instant. */
  received: string
  photo?: Pick<PhotoName, 'hash' | 'mediaType'>
  endedSessions?: string[]
}

/**
 * `n` counts lines over all segments. A header begins a segment and names the previous one (0:
 * none). `lost` marks accepted damage.
 */
export type NumberedRecord =
  | { n: number; entry: JournalEntry }
  | { n: number; segment: number; previous: number }
  | { n: number; lost: string }

/** Lines before 0.2 have no checksum and no number. */
export type ParsedLine =
  | { kind: 'numbered'; record: NumberedRecord }
  | { kind: 'old'; entry: JournalEntry }
  | { kind: 'unreadable'; reason: string }

/** Hexadecimal digits of SHA-256. */
const checksumLength = 16

/** `<checksum> {"n":…}` and a line feed. */
export function lineOf(record: NumberedRecord): string {
  const json = JSON.stringify('entry' in record ? { n: record.n, ...record.entry } : record)
  return `${checksumOf(Buffer.from(json))} ${json}\n`
}

export function parseLine(bytes: Buffer): ParsedLine {
  if (bytes.length === 0) return { kind: 'unreadable', reason: 'it is empty' }
  if (bytes.every((byte) => byte === 0)) return { kind: 'unreadable', reason: 'it holds NULs only' }
  if (bytes[0] === 0x7b) return parseOldLine(bytes)
  const json = bytes.subarray(checksumLength + 1)
  const checksum = bytes.toString('latin1', 0, checksumLength)
  if (bytes[checksumLength] !== 0x20 || !/^[0-9a-f]{16}$/.test(checksum)) {
    return { kind: 'unreadable', reason: 'it does not begin with a checksum' }
  }
  if (checksumOf(json) !== checksum) {
    return { kind: 'unreadable', reason: 'its checksum does not match' }
  }
  const record = recordOf(json)
  return record
    ? { kind: 'numbered', record }
    : { kind: 'unreadable', reason: 'it is of no known form' }
}

/** Readable parts of a damaged line. */
export interface Salvage {
  user: string | null
  received: string | null
  commands: string[]
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

export function salvage(bytes: Buffer): Salvage {
  const text = bytes.toString('utf8')
  const ids = text.matchAll(new RegExp(`\\\\"id\\\\":\\\\"(${uuid})\\\\"`, 'gi'))
  return {
    user: new RegExp(`"user":"(${uuid})"`, 'i').exec(text)?.[1] ?? null,
    received: /"received":"(\d{4}-[\dT:.-]{10,25}Z)"/.exec(text)?.[1] ?? null,
    commands: [...ids].map(([, id]) => id!.toLowerCase()),
  }
}

function checksumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, checksumLength)
}

function recordOf(json: Buffer): NumberedRecord | null {
  const value = objectIn(json)
  if (!value || typeof value.n !== 'number') return null
  const { n } = value
  const { segment, previous } = value
  if (typeof segment === 'number') return { n, segment, previous: Number(previous) }
  if (typeof value.lost === 'string') return { n, lost: value.lost }
  const entry = entryIn(value)
  return entry && { n, entry }
}

/** A number without a checksum: the checksum was cut off. */
function parseOldLine(bytes: Buffer): ParsedLine {
  const value = objectIn(bytes)
  const entry = value && !('n' in value) ? entryIn(value) : null
  return entry
    ? { kind: 'old', entry }
    : { kind: 'unreadable', reason: 'it is no whole JSON object of a call' }
}

function entryIn(value: Record<string, unknown>): JournalEntry | null {
  const { user, body, received, photo, endedSessions } = value
  if (typeof user !== 'string' || typeof body !== 'string') return null
  const entry: JournalEntry = { user, body, received: String(received) }
  if (photo) entry.photo = photo as NonNullable<JournalEntry['photo']>
  if (Array.isArray(endedSessions)) entry.endedSessions = endedSessions.map(String)
  return entry
}

function objectIn(json: Buffer): Record<string, unknown> | null {
  try {
    const value = JSON.parse(json.toString('utf8')) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
