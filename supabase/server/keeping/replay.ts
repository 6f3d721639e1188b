import { photoNameFromPath, photoPath } from '../../../src/domain/photo/photo-rules.ts'
import type { PhotoName } from '../../../src/domain/photo/photo-rules.ts'
import type { BackendSession } from '../backend/session.ts'
import { DatabaseError } from '../base/database-types.ts'
import { ServerError, messageOf } from '../base/errors.ts'
import type { Journal, JournalEntry } from '../journal/journal.ts'
import { repeatEnds } from '../owner/sessions.ts'
import { recordUnknownPhotos } from '../photos/photo-checks.ts'
import type { PhotoStore } from '../photos/photo-store.ts'

const batchSize = 1000

export interface Replay {
  repeated: number
  /** Calls that a healthy database could not carry out. */
  setAside: number
}

/**
 * Repeats photos, ended sessions and commands that the database lacks. When it rejects, let nobody
 * in: the next snapshot would remove the rest of the journal.
 */
export async function replayJournal(
  journal: Journal,
  session: Pick<BackendSession, 'database' | 'apply' | 'canary'>,
  photos: PhotoStore,
  fromSegment: number,
): Promise<Replay> {
  const done: Replay = { repeated: 0, setAside: 0 }
  await recordUnknownPhotos(session.database(), photos, photosIn(journal, fromSegment))
  await repeatEnds(session.database(), await endedSessionsIn(journal, fromSegment))
  let batch: { entry: JournalEntry; commands: unknown[]; ids: string[] }[] = []
  const flush = async () => {
    const ids = batch.flatMap((call) => call.ids)
    const rows = await session
      .database()
      .query<{ id: string }>(
        'select id::text from public.commands where id = any ($1::text[]::uuid[])',
        [ids],
      )
    const known = new Set(rows.map((row) => row.id))
    for (const { entry, commands, ids: wanted } of batch) {
      if (wanted.every((id) => known.has(id))) continue
      try {
        await session.apply(entry.user, JSON.stringify(commands), entry.received)
        done.repeated += 1
        // The device may have sent the call twice.
        for (const id of wanted) known.add(id)
      } catch (error) {
        if (isRefusal(error)) continue
        await requireHealth(session, error)
        await journal.setAside(entry, messageOf(error))
        done.setAside += 1
      }
    }
    batch = []
  }
  for await (const entry of journal.entries(fromSegment)) {
    const commands = commandsOf(entry.body)
    if (!commands) continue
    batch.push({ entry, commands, ids: idsOf(commands) })
    if (batch.length >= batchSize) await flush()
  }
  if (batch.length > 0) await flush()
  return done
}

/** The call was refused as a whole and had no receipt. */
function isRefusal(error: unknown): boolean {
  return error instanceof DatabaseError && /^(22|PT|42501)/.test(error.code)
}

/** No room, no memory, the connection, the operating system. */
const passing = /^(08|25|40|53|55|57|58)/

/** Throws unless the call alone is at fault: it must not keep the city closed. */
async function requireHealth(
  session: Pick<BackendSession, 'canary'>,
  error: unknown,
): Promise<void> {
  if (!(error instanceof DatabaseError)) throw error
  const failure = new ServerError(
    `What was received could not be repeated: ${error.message} (${error.code}). ` +
      'It is kept in the journal and repeated at the next start.',
    { cause: error },
  )
  if (passing.test(error.code)) throw failure
  await session.canary().catch(() => {
    throw failure
  })
}

async function* photosIn(journal: Journal, fromSegment: number): AsyncGenerator<PhotoName> {
  for await (const { user, photo } of journal.entries(fromSegment)) {
    const name = photo && photoNameFromPath(photoPath({ ...photo, owner: user }))
    if (name) yield name
  }
}

async function endedSessionsIn(journal: Journal, fromSegment: number): Promise<string[]> {
  const ids = new Set<string>()
  for await (const { endedSessions = [] } of journal.entries(fromSegment)) {
    for (const id of endedSessions) ids.add(id)
  }
  return [...ids]
}

export function commandsOf(body: string): unknown[] | null {
  try {
    const { p_commands: commands } = JSON.parse(body) as { p_commands?: unknown }
    return Array.isArray(commands) ? commands : null
  } catch {
    return null
  }
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function idsOf(commands: unknown[]): string[] {
  return commands
    .map((command) => String((command as { id?: unknown } | null)?.id).toLowerCase())
    .filter((id) => uuid.test(id))
}
