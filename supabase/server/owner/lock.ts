import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  existsSync,
  linkSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { ServerError } from '../base/errors.ts'
import { makeFolder } from '../base/files.ts'

export interface LockHolder {
  pid: number
  /** Tells a reused pid from the holder. */
  processStart: string
  host: string
  /** Boot and container in which the pid is valid. */
  pidSpace: string
  since: string
  command: string
  /** As `databaseName` names it; null for the one in the folder. */
  database: string | null
  /** Of a server that answers, as reached from this machine; null before and without one. */
  url?: string | null
}

export interface Lock {
  /** Tells commands where the server answers. */
  tellUrl(url: string): void
  release(): void
}

/** A silent holder from another pid space counts as gone after this time. */
const foreignStaleMs = 60_000
const heartbeatMs = 10_000
const longestEndMs = 10_000
const endLookMs = 50
/** PF_EXITING of the kernel's sched.h. */
const isExitingFlag = 4

/**
 * Two processes on one PGlite folder lose data. Takes over a dead process's lock. Throws
 * `ServerError` naming the holder.
 */
export function takeLock(dataDir: string, command: string, database: string | null = null): Lock {
  try {
    makeFolder(dataDir)
  } catch (error) {
    throw new ServerError(`Cannot create the data folder ${dataDir}: ${reason(error)}.`)
  }
  const path = join(dataDir, 'lock')
  const mine: LockHolder = {
    pid: process.pid,
    processStart: processStart(process.pid) ?? '',
    host: hostname(),
    pidSpace: pidSpace(),
    since: new Date().toISOString(),
    command,
    database,
  }
  // Linked, so that the lock is never half written; link() refuses an existing one.
  const draft = `${path}.${randomUUID()}`
  try {
    writeFileSync(draft, JSON.stringify(mine))
  } catch (error) {
    throw new ServerError(`Cannot write to the data folder ${dataDir}: ${reason(error)}.`)
  }
  try {
    if (!tryLink(draft, path)) {
      removeIfStale(dataDir, path)
      if (!tryLink(draft, path)) throw heldError(dataDir, readHolder(path))
    }
  } finally {
    rmSync(draft, { force: true })
  }
  const heartbeat = setInterval(() => {
    const now = new Date()
    try {
      utimesSync(path, now, now)
    } catch {
      // the folder is gone; its next reader reports that
    }
  }, heartbeatMs)
  heartbeat.unref()
  return {
    tellUrl(url) {
      const told = `${path}.${randomUUID()}`
      try {
        writeFileSync(told, JSON.stringify({ ...mine, url }))
        renameSync(told, path)
      } catch {
        // on a full disk the server still runs; commands that need its address say so
        rmSync(told, { force: true })
      }
    },
    release() {
      clearInterval(heartbeat)
      const holder = readHolder(path)
      if (isSame(holder, mine)) rmSync(path, { force: true })
    },
  }
}

/** Null when the holder is dead. */
export function lockHolder(dataDir: string): LockHolder | null {
  const path = join(dataDir, 'lock')
  const holder = readHolder(path)
  return holder && isAlive(holder, path) ? holder : null
}

/** "process 1234 (npm start) on host, since 2026-01-01T00:00:00Z" */
export function describeHolder(holder: LockHolder): string {
  const where = holder.host === hostname() ? '' : ` on ${holder.host}`
  return `process ${holder.pid} (${holder.command})${where}, since ${holder.since}`
}

function isSame(a: LockHolder | null, b: LockHolder): boolean {
  return a?.pid === b.pid && a.pidSpace === b.pidSpace && a.since === b.since
}

function tryLink(draft: string, path: string): boolean {
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new ServerError(`Cannot lock the data folder: ${reason(error)}.`)
  }
}

/** The guard keeps two starting processes from removing each other's lock. */
function removeIfStale(dataDir: string, path: string): void {
  const guard = join(dataDir, 'lock.takeover')
  if ((ageMs(guard) ?? 0) > 10_000) rmSync(guard, { force: true })
  try {
    writeFileSync(guard, String(process.pid), { flag: 'wx' })
  } catch {
    return
  }
  try {
    const holder = readHolder(path)
    if (!holder || !isAlive(holder, path)) rmSync(path, { force: true })
  } finally {
    rmSync(guard, { force: true })
  }
}

/**
 * Null when the file is gone. Below zero for a file younger than this clock's last millisecond, or
 * from a machine whose clock is ahead.
 */
function ageMs(path: string): number | null {
  const found = statSync(path, { throwIfNoEntry: false })
  return found ? Date.now() - found.mtimeMs : null
}

function readHolder(path: string): LockHolder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockHolder
  } catch {
    return null
  }
}

function isAlive(holder: LockHolder, path: string): boolean {
  if (holder.pidSpace !== pidSpace()) {
    const age = ageMs(path)
    return age !== null && age < foreignStaleMs
  }
  // first: it may be gone after that
  waitWhileEnding(holder.pid)
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: runs as another user
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  if (endOf(holder.pid) === 'ended') return false
  const start = processStart(holder.pid)
  return start === null || holder.processStart === '' || start === holder.processStart
}

/** A killed server's memory takes a moment to be given back; until then it has its number. */
function waitWhileEnding(pid: number): void {
  const nobody = new Int32Array(new SharedArrayBuffer(4))
  for (let ms = 0; ms < longestEndMs && endOf(pid) === 'ending'; ms += endLookMs)
    Atomics.wait(nobody, 0, 0, endLookMs)
}

/**
 * Whether the kernel ends the process, or has: where its parent never asks for its end, as the first process of many
 * containers does not, an ended one keeps its number. Null while it runs, and outside Linux.
 */
function endOf(pid: number): 'ending' | 'ended' | null {
  const fields = statOf(pid)
  if (!fields) return null
  const [state, flags, threads] = [fields[0], Number(fields[6]), Number(fields[17])]
  if (state === 'X' || (state === 'Z' && threads <= 1)) return 'ended'
  return state === 'Z' || (flags & isExitingFlag) !== 0 ? 'ending' : null
}

/**
 * Two containers may share host name, volume and pid 1. Outside Linux only the host name is known.
 */
function pidSpace(): string {
  try {
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${hostname()} ${bootId} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}

/** Null when unreadable. */
function processStart(pid: number): string | null {
  const fields = statOf(pid)
  if (fields) return fields[19] ?? null
  if (process.platform === 'win32' || existsSync('/proc/self/stat')) return null
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return null
  }
}

/** Fields of proc_pid_stat(5) from the state on; null where there are none. */
function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the command name may hold spaces and brackets
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

function heldError(dataDir: string, holder: LockHolder | null): ServerError {
  const who = holder ? describeHolder(holder) : 'another process that is just starting'
  const wait =
    holder && holder.pidSpace !== pidSpace()
      ? ' If it was killed, or its machine went down, the folder is free a minute after that.'
      : ''
  return new ServerError(
    `The data folder ${dataDir} is in use by ${who}. Stop it first, or choose another DATA_DIR.${wait}`,
  )
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'EROFS') return 'the file system is read-only'
  if (code === 'ENOSPC') return 'the disk is full'
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'a file stands in its way'
  return message
}
