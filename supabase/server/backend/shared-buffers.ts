import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes of the database's files from which on it gets Postgres' own default. */
const largeBytes = 256 * 1024 ** 2

/**
 * The cache of the embedded database in `folder`. It is filled with zeros at each start: 128 MB cost
 * a small city a tenth of the start's CPU time and as much memory, and none of its queries less.
 */
export function sharedBuffersFor(folder: string): '32MB' | '128MB' {
  const base = join(folder, 'base')
  if (!existsSync(base)) return '32MB'
  let bytes = 0
  for (const entry of readdirSync(base, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size
  return bytes < largeBytes ? '32MB' : '128MB'
}
