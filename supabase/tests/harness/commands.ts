import { createHash, randomUUID } from 'node:crypto'
import type { TestDatabase } from './types.ts'

export interface Command {
  id: string
  actor: string
  type: string
  at: string
  payload: string
  replaces?: string
  sentAt?: string
}

export interface Receipt {
  id: string | null
  outcome: 'applied' | 'replayed' | 'conflict' | 'rejected'
  hash: string | null
  incident_id: string | null
  version: number | null
  error: { code: string; field?: string; detail?: string; server?: Record<string, unknown> } | null
  missing_photos: string[]
}

/** The hash a device computes of its payload. */
export const hashOf = (payload: string): string =>
  createHash('sha256').update(payload, 'utf8').digest('hex')

/** The payload of a sound report; `changes` replaces fields, undefined leaves them out. */
export const reportPayload = (changes: Record<string, unknown> = {}) => ({
  incidentId: randomUUID() as string,
  categoryCode: 'illegal_dumping',
  lon: 10.5,
  lat: 21,
  ...changes,
})

/** A sound report by `actor`. */
export function reportCommand(actor: string, changes: Record<string, unknown> = {}): Command {
  return {
    id: randomUUID(),
    actor,
    type: 'report_incident',
    at: '2026-03-01T08:00:00Z',
    payload: JSON.stringify(reportPayload(changes)),
  }
}

/** A command of any type by `actor`. */
export function commandOf(actor: string, type: string, payload: unknown): Command {
  return { ...reportCommand(actor), type, payload: JSON.stringify(payload) }
}

/** A sound photo of a payload; `changes` replaces keys, undefined leaves them out. */
export const photoRef = (changes: Record<string, unknown> = {}) => ({
  hash: hashOf(randomUUID()),
  mediaType: 'image/jpeg',
  bytes: 250_000,
  width: 2048,
  height: 1536,
  ...changes,
})

/** Sends commands as a device of `user` does: one body of JSON text. */
export async function applyCommands(
  db: TestDatabase,
  user: string,
  commands: readonly unknown[],
): Promise<Receipt[]> {
  return applyBody(db, user, JSON.stringify(commands))
}

/** Sends a body as it is. */
export async function applyBody(db: TestDatabase, user: string, body: string): Promise<Receipt[]> {
  return db.asUser(user, async (tx) => {
    const rows = await tx.query<{ receipts: Receipt[] }>(
      'select public.apply_commands($1::text::json) as receipts',
      [body],
    )
    return rows[0]?.receipts ?? []
  })
}
