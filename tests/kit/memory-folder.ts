import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'

const memoryDisk = '/dev/shm'
const prefix = 'wangge-tests-'
/** Bytes that must be free on the disk in memory and in memory: a whole run uses a third of it. */
const minFree = 8 * 1024 ** 3

/**
 * Points `TMPDIR` of this process and its children to a folder in memory, where there is room: a
 * database is a thousand small files, and making one takes a second of CPU time on some disks.
 * The folder goes with the process.
 */
export function useMemoryForTemporaryFiles(): void {
  if (process.env.TMPDIR || !existsSync(memoryDisk)) return
  removeAbandoned()
  const { bavail, bsize } = statfsSync(memoryDisk)
  if (Math.min(bavail * bsize, freemem()) < minFree) return
  const folder = join(memoryDisk, `${prefix}${process.pid}`)
  mkdirSync(folder)
  // Postgres runs as a user of its own.
  chmodSync(folder, 0o755)
  process.env.TMPDIR = folder
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
}

/** Folders of runs that were killed. */
function removeAbandoned(): void {
  for (const name of readdirSync(memoryDisk))
    if (name.startsWith(prefix) && !existsSync(`/proc/${name.slice(prefix.length)}`))
      rmSync(join(memoryDisk, name), { recursive: true, force: true })
}
