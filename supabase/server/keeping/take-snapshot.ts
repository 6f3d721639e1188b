import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'
import type { Backend } from '../backend/backend.ts'
import { BackendUnavailable } from '../backend/backend.ts'
import { ServerError } from '../base/errors.ts'
import { makeFolder, removeUnfinished, syncTree, writeDurably } from '../base/files.ts'
import type { Journal } from '../journal/journal.ts'
import { listSnapshots } from '../journal/snapshot-files.ts'
import type { Snapshot } from '../journal/snapshot-files.ts'

const compress = promisify(zstdCompress)
/** With a checksum, to notice damage. */
const compression = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }
const kept = 8

/**
 * Keeps eight, and the journal back to the oldest. The database pauses while it is copied. Rejects
 * when acknowledged rows are gone: a snapshot would end their replay.
 */
export async function takeSnapshot(
  dataDir: string,
  backend: Backend,
  journal: Journal,
): Promise<Snapshot> {
  if (!backend.isReady) throw new BackendUnavailable()
  const segment = await journal.rotate()
  const tar = await backend.dump()
  if (!tar) throw new ServerError('One’s own Postgres is backed up with pg_dump.')
  // PGlite never syncs. A replay begins at this snapshot, so the database on disk must be as new.
  await syncTree(join(dataDir, 'pg'))
  const folder = join(dataDir, 'snapshots')
  makeFolder(folder)
  removeUnfinished(folder)
  const stamp = new Date().toISOString().replace(/[:.]/g, '-')
  const path = join(folder, `${stamp}-${String(segment).padStart(8, '0')}.tar.zst`)
  writeDurably(path, await compress(tar, compression), 0o600)
  const snapshots = listSnapshots(dataDir)
  for (const old of snapshots.slice(0, -kept)) rmSync(old.path, { force: true })
  const oldest = snapshots.slice(-kept)[0]
  if (oldest) journal.dropBefore(oldest.segment)
  return { path, segment }
}
