import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { open, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Database } from '../../base/database-types.ts'
import { messageOf, ServerError } from '../../base/errors.ts'
import { makeFolder } from '../../base/files.ts'
import type { DeskAnswer, DeskRefusal, ImportDesk } from '../../doors/imports.ts'
import { readBasemap, removeBasemap, storeBasemap } from '../../owner/basemap.ts'
import { noteWords } from '../note-words.ts'
import type { ToldLine } from '../telling.ts'
import { DeskKeeper, readDesk } from './desk-file.ts'
import type { DeskFile, DeskJob } from './desk-file.ts'
import { argumentsOf, readWish, reportName, shownName } from './import-wish.ts'
import type { ImportWish } from './import-wish.ts'
import { incomingLimits, receiveFile } from './incoming-file.ts'
import type { IncomingLimits } from './incoming-file.ts'
import { startImport } from './import-process.ts'
import {
  deleteMapping,
  keepMapping,
  listMappings,
  readWish as readMappingWish,
} from './kept-mappings.ts'
import { PastReports } from './past-reports.ts'

export interface DeskOptions {
  dataDir: string
  databaseUrl: string | null
  /** With the owner's rights. */
  database(): Database
  /** Something that no journal holds has changed. */
  onChange(): void
  limits?: Partial<IncomingLimits>
}

const done: DeskAnswer<object> = { answer: {} }
const refuse = (refusal: DeskRefusal): DeskAnswer<never> => ({ refusal })

/** The first bytes of a PMTiles archive. */
const isBasemap = async (path: string): Promise<boolean> => {
  const file = await open(path)
  try {
    const { buffer } = await file.read(Buffer.alloc(7), 0, 7, 0)
    return buffer.toString('latin1') === 'PMTiles'
  } finally {
    await file.close()
  }
}

/**
 * One file and one work at a time, for all admins: imports of a city are rare, and two at once would
 * judge each other's rows. The work is `npm run import` in a process of its own.
 */
export class FileDesk implements ImportDesk {
  readonly #options: DeskOptions
  readonly #folder: string
  readonly #incoming: string
  readonly #past: PastReports
  readonly #limits: IncomingLimits
  readonly #keeper: DeskKeeper
  #file: DeskFile | null
  #job: DeskJob | null
  #receiving: { userId: string; giveUp: AbortController; ended: Promise<void> } | null = null
  #work: Promise<void> = Promise.resolve()
  #stop = (): void => undefined
  #isClosing = false
  #keptAt = 0

  constructor(options: DeskOptions) {
    this.#options = options
    this.#folder = resolve(options.dataDir, 'imports')
    this.#incoming = join(this.#folder, 'incoming')
    this.#past = new PastReports(this.#folder)
    this.#limits = { ...incomingLimits, ...options.limits }
    this.#keeper = new DeskKeeper(this.#incoming)
    const { file, job } = readDesk(this.#incoming)
    this.#file = file
    this.#job = job
  }

  get #isBusy(): boolean {
    return this.#receiving !== null || this.#job?.endedAt === null
  }

  #keep(): void {
    this.#keptAt = performance.now()
    this.#keeper.keep({ file: this.#file, job: this.#job })
  }

  async isAdmin(userId: string): Promise<boolean> {
    const [row] = await this.#options
      .database()
      .query<{ may: boolean }>('select private.may_edit_rules($1::uuid, now()) as may', [userId])
    return row?.may === true
  }

  async state(userId: string): Promise<object> {
    const db = this.#options.database()
    const receiver = this.#receiving?.userId
    const people = [this.#file?.userId, this.#job?.userId, receiver].filter(
      (id) => id !== undefined,
    )
    const [city] = await db.query<{ url: string | null; source: string | null }>(
      'select basemap_url as url, basemap_attribution as source from public.city_settings',
    )
    const names = new Map(
      (
        await db.query<{ id: string; name: string }>(
          `select user_id::text as id, display_name as name from public.profiles
           where user_id in (select jsonb_array_elements_text($1::text::jsonb)::uuid)`,
          [JSON.stringify(people)],
        )
      ).map(({ id, name }) => [id, name]),
    )
    const file = this.#file
    const job = this.#job
    const byPerson = (id: string) => ({ by: names.get(id) ?? '', isOwn: id === userId })
    return {
      receiving: receiver === undefined ? null : byPerson(receiver),
      file: file && {
        ...{ name: file.name, bytes: file.bytes, at: file.at, isBasemap: file.isBasemap },
        ...byPerson(file.userId),
      },
      job: job && {
        ...{ step: job.step, startedAt: job.startedAt, endedAt: job.endedAt, found: job.found },
        ...{ progress: job.progress, basemap: job.basemap, report: job.report },
        look: job.look && {
          ...job.look,
          notes: job.look.notes.map(noteWords),
          doubts: job.look.doubts.map(noteWords),
        },
        error: job.error === null ? null : noteWords(job.error),
        isStopped: job.isStopped,
        ...{ isCutShort: job.isCutShort, wish: job.wish, ...byPerson(job.userId) },
      },
      reports: await this.#past.list(job?.endedAt === null ? job.report : null),
      mappings: await listMappings(db),
      cityBasemap: city?.url ? { url: city.url, attribution: city.source ?? '' } : null,
    }
  }

  async receive(request: Request, userId: string, name: string): Promise<DeskAnswer<object>> {
    const earlier = this.#receiving
    // one's own file that stands still since the network was lost gives way to the next try
    if (earlier?.userId === userId) {
      earlier.giveUp.abort()
      await earlier.ended
    }
    if (this.#isBusy) return refuse('import_busy')
    const giveUp = new AbortController()
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    this.#receiving = { userId, giveUp, ended }
    try {
      const file = await receiveFile(request, this.#incoming, this.#limits, giveUp.signal)
      if ('refusal' in file) return file
      this.#removeFile()
      this.#job = null
      this.#file = {
        ...{ ...file, name: shownName(name), userId, at: new Date().toISOString() },
        isBasemap: await isBasemap(file.path),
      }
      this.#keep()
      return {
        answer: { name: this.#file.name, bytes: file.bytes, isBasemap: this.#file.isBasemap },
      }
    } finally {
      this.#receiving = null
      end()
    }
  }

  async discard(): Promise<DeskAnswer<object>> {
    if (this.#isBusy) return refuse('import_busy')
    this.#removeFile()
    this.#job = null
    this.#keep()
    return done
  }

  async start(userId: string, wish: Record<string, unknown>): Promise<DeskAnswer<object>> {
    const read = readWish(wish)
    if (!read) return refuse('import_bad_wish')
    if (this.#isBusy) return refuse('import_busy')
    const file = this.#file
    if (!file && read.step !== 'remove-basemap') return refuse('import_no_file')
    const job: DeskJob = {
      ...{ step: read.step, wish, userId, startedAt: new Date().toISOString(), endedAt: null },
      ...{ progress: null, found: [], basemap: null, report: null, error: null },
      // a page that opens now shows what the file holds
      look: read.step === 'look' ? null : (this.#job?.look ?? null),
      ...{ isStopped: false, isCutShort: false },
    }
    this.#job = job
    this.#stop = () => undefined
    this.#keep()
    const isBasemapWork =
      read.step === 'basemap' || read.step === 'remove-basemap' || file?.isBasemap
    const work = isBasemapWork ? this.#changeBasemap(job, read) : this.#import(job, read, file!)
    this.#work = work
      .catch((error: unknown) => {
        job.error = messageOf(error)
        if (!(error instanceof ServerError)) console.error(error)
      })
      .then(() => {
        job.endedAt = new Date().toISOString()
        job.isCutShort = this.#isClosing
        this.#keep()
        if (read.step !== 'look' && read.step !== 'check') this.#options.onChange()
      })
    return done
  }

  stop(): DeskAnswer<object> {
    const job = this.#job
    if (!job || job.endedAt !== null) return refuse('import_no_job')
    job.isStopped = true
    this.#stop()
    return done
  }

  async #import(job: DeskJob, wish: ImportWish, file: DeskFile): Promise<void> {
    const { databaseUrl, dataDir } = this.#options
    const mappingPath = join(this.#incoming, `${randomUUID()}.json`)
    if (wish.mapping) {
      makeFolder(this.#incoming)
      await writeFile(mappingPath, JSON.stringify(wish.mapping), { mode: 0o600 })
    }
    const report = wish.step === 'look' ? null : reportName(file.name, new Date())
    job.report = report
    const env = {
      ...process.env,
      DATA_DIR: resolve(dataDir),
      // undefined takes it out
      DATABASE_URL: databaseUrl ?? undefined,
    }
    const args = argumentsOf(wish, {
      ...{ path: file.path, name: file.name },
      mapping: wish.mapping ? mappingPath : null,
      report: report && join(this.#folder, report),
    })
    // known before it is stored: a server that is killed tells it after its next start
    this.#keep()
    const process_ = startImport(args, env, (line) => {
      take(job, line)
      if ('progress' in line && performance.now() - this.#keptAt > keepProgressMs) this.#keep()
    })
    this.#stop = () => process_.stop()
    if (job.isStopped || this.#isClosing) process_.stop()
    try {
      const complaint = await process_.ended
      if (complaint !== null) job.error ??= complaint
    } finally {
      rmSync(mappingPath, { force: true })
    }
  }

  async #changeBasemap(job: DeskJob, wish: ImportWish): Promise<void> {
    const db = this.#options.database()
    const dataDir = resolve(this.#options.dataDir)
    if (wish.step === 'remove-basemap') return removeBasemap(db, dataDir)
    const file = this.#file
    if (!file) return
    const [city] = await db.query<Record<'west' | 'south' | 'east' | 'north', number>>(
      'select west, south, east, north from public.city_settings',
    )
    if (!city) throw new ServerError('There is no city yet.')
    try {
      const { west, south, east, north } = city
      job.basemap = await readBasemap(file.path, [west, south, east, north])
    } catch (error) {
      throw new ServerError(messageOf(error).replaceAll(file.path, file.name))
    }
    if (wish.step !== 'basemap') return
    const attribution = wish.attribution || job.basemap.attribution
    if (!attribution)
      throw new ServerError('The archive names no source: say it, as its licence wants it shown.')
    await storeBasemap(db, { dataDir, path: file.path, attribution })
    this.#removeFile()
  }

  async keepMapping(userId: string, wish: Record<string, unknown>): Promise<DeskAnswer<object>> {
    const mapping = readMappingWish(wish)
    if (!mapping || !(await keepMapping(this.#options.database(), mapping, userId)))
      return refuse('import_bad_wish')
    this.#options.onChange()
    return done
  }

  async deleteMapping(name: string): Promise<DeskAnswer<object>> {
    if (!(await deleteMapping(this.#options.database(), name))) return refuse('import_unknown')
    this.#options.onChange()
    return done
  }

  async report(name: string): Promise<DeskAnswer<object>> {
    const answer = await this.#past.answer(name)
    return answer ? { answer } : refuse('import_unknown')
  }

  async rejected(name: string): Promise<DeskAnswer<ReadableStream>> {
    const answer = await this.#past.csv(name)
    return answer === null ? refuse('import_unknown') : { answer }
  }

  #removeFile(): void {
    if (this.#file) rmSync(this.#file.path, { force: true })
    this.#file = null
  }

  /** Ends the work under way; what it stored is in its report. The next start goes on from here. */
  async close(): Promise<void> {
    this.#receiving?.giveUp.abort()
    if (this.#job?.endedAt === null) {
      this.#isClosing = true
      this.#stop()
    }
    await this.#work
    await this.#keeper.settled()
  }
}

const mostFound = 50
/** Milliseconds between two notes of how far a work has come. */
const keepProgressMs = 2_000

function take(job: DeskJob, line: ToldLine): void {
  if ('found' in line) job.found = [...job.found, line.found].slice(0, mostFound)
  else if ('progress' in line) job.progress = line.progress
  else if ('look' in line) job.look = line.look
  else if ('error' in line) job.error = line.error
}
