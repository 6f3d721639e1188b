import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { makeFolder } from '../../base/files.ts'
import type { BasemapFacts } from '../../owner/basemap.ts'
import type { Look } from '../looked.ts'
import type { ImportWish } from './import-wish.ts'

/** The file that an admin has handed in. */
export interface DeskFile {
  path: string
  name: string
  bytes: number
  userId: string
  at: string
  isBasemap: boolean
}

/** The last work on it. */
export interface DeskJob {
  step: ImportWish['step']
  /** As it came, so that a page that opens anew goes on from it. */
  wish: Record<string, unknown>
  userId: string
  startedAt: string
  endedAt: string | null
  progress: { read: number; stored: number; rejected: number } | null
  found: string[]
  look: Look | null
  basemap: BasemapFacts | null
  /** Name of its report. */
  report: string | null
  error: string | null
  isStopped: boolean
  /** Whether the server ended before the work did. */
  isCutShort: boolean
}

export interface Desk {
  file: DeskFile | null
  job: DeskJob | null
}

const name = 'desk.json'
/** Milliseconds a file waits for somebody to go on with it. */
const keptMs = 24 * 3_600_000

/** Writes the desk down for the next start of the server, the newest state last. */
export class DeskKeeper {
  readonly #folder: string
  #next: string | null | undefined
  #writing: Promise<void> | null = null

  constructor(folder: string) {
    this.#folder = folder
  }

  keep({ file, job }: Desk): void {
    this.#next = file ? JSON.stringify({ file, job }) : null
    this.#writing ??= this.#write().finally(() => (this.#writing = null))
  }

  async settled(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    const path = join(this.#folder, name)
    while (this.#next !== undefined) {
      const text = this.#next
      this.#next = undefined
      try {
        if (text === null) await rm(path, { force: true })
        else {
          makeFolder(this.#folder)
          await writeFile(`${path}.tmp`, text, { mode: 0o600 })
          await rename(`${path}.tmp`, path)
        }
      } catch (error) {
        // the import goes on: only a restart would forget its file
        console.error(error)
      }
    }
  }
}

/** The desk of the server before. Files that nobody came back for within a day are removed. */
export function readDesk(folder: string, now = new Date()): Desk {
  let desk: Desk = { file: null, job: null }
  try {
    const read = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Desk
    const age = now.getTime() - Date.parse(read.file!.at)
    if (statSync(read.file!.path).size === read.file!.bytes && age < keptMs) desk = read
  } catch {
    // none, or its file is gone
  }
  const kept = [name, basename(desk.file?.path ?? name)]
  try {
    for (const found of readdirSync(folder))
      if (!desk.file || !kept.includes(found)) rmSync(join(folder, found), { recursive: true })
  } catch {
    // no folder yet
  }
  const { job } = desk
  if (job && job.endedAt === null)
    desk.job = { ...job, endedAt: now.toISOString(), isCutShort: true }
  return desk
}
