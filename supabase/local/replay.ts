import { photoNameFromPath, photoPath } from '../../src/domain/photo-rules.ts'
import type { PhotoName } from '../../src/domain/photo-rules.ts'
import type { Backend } from './backend/backend.ts'
import { BackendUnavailable } from './backend/backend.ts'
import type { Journal, JournalEntry } from './journal.ts'
import { recordUnknownPhotos } from './photos/photo-checks.ts'
import type { PhotoStore } from './photos/photo-store.ts'

/** Ids asked about in one statement. */
const batchSize = 1000

/**
 * Records the photos and applies the journaled calls the database does not know: what a crash, or
 * going back to a snapshot, took from it. Ids make a repetition harmless, and commands get the time
 * they first came in at. Returns how many calls were repeated.
 */
export async function replayJournal(
  journal: Journal,
  backend: Backend,
  photos: PhotoStore,
  fromSegment: number,
): Promise<number> {
  let repeated = 0
  await recordUnknownPhotos(backend.database(), photos, photosIn(journal, fromSegment))
  let batch: { entry: JournalEntry; commands: unknown[]; ids: string[] }[] = []
  const flush = async () => {
    const ids = batch.flatMap((call) => call.ids)
    const rows = await backend
      .database()
      .query<{ id: string }>(
        'select id::text from public.commands where id = any ($1::text[]::uuid[])',
        [ids],
      )
    const known = new Set(rows.map((row) => row.id))
    for (const { entry, commands, ids: wanted } of batch) {
      if (wanted.every((id) => known.has(id))) continue
      repeated += 1
      try {
        await backend.apply(entry.user, JSON.stringify(commands), entry.received)
      } catch (error) {
        // refused as it was the first time; only a database that went away must stop the replay
        if (error instanceof BackendUnavailable) throw error
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
  return repeated
}

async function* photosIn(journal: Journal, fromSegment: number): AsyncGenerator<PhotoName> {
  for await (const { user, photo } of journal.entries(fromSegment)) {
    const name = photo && photoNameFromPath(photoPath({ ...photo, owner: user }))
    if (name) yield name
  }
}

/** The commands in the body of a call of `apply_commands`; null when it holds none. */
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
