import { Hono } from 'hono'
import { BackendUnavailable } from '../backend/backend.ts'
import type { Backend } from '../backend/backend.ts'
import type { Database } from '../base/database-types.ts'
import { JournalFull } from '../journal/journal.ts'
import type { Journal } from '../journal/journal.ts'
import type { PhotoApi } from '../photos/photo-api.ts'
import { compressAnswers } from '../wire/compress.ts'
import { TooBusy } from '../wire/fair-queue.ts'
import { problem, tooMany } from '../wire/problem.ts'
import { authDoor } from './auth.ts'
import { CommandIntake } from './command-intake.ts'
import { EndedSessions } from './ended-sessions.ts'
import { forwardTo } from './forward.ts'
import { createGuards } from './guards.ts'
import type { DoorEnv, GuardOptions } from './guards.ts'
import { SessionEnder } from './session-ender.ts'
import { rpcDoor } from './rpc.ts'
import { cityDoor } from './city.ts'
import { publicationsDoor } from './publications.ts'
import type { PublishingDesk } from './publications.ts'
import { importsDoor } from './imports.ts'
import type { ImportDesk } from './imports.ts'
import { reportsDoor } from './reports.ts'
import type { ReadableReports } from './reports.ts'
import { storageDoor } from './storage.ts'

export interface ApiOptions extends Omit<GuardOptions, 'endedSessions'> {
  /** With the owner's rights. */
  database(): Database
  backend: Pick<Backend, 'fetch' | 'receive' | 'months' | 'columns' | 'checkCanary' | 'isReady'>
  /** Null on one's own Postgres, which keeps its own log. */
  journal: Pick<Journal, 'append'> | null
  photos: Pick<PhotoApi, 'upload' | 'read' | 'info'>
  reports: ReadableReports
  publishing: PublishingDesk
  imports: ImportDesk
  /** Something may have changed. */
  onChange(): void
  /** Something that no journal holds may have changed. */
  onUnjournaledChange(): void
}
export type Api = Hono<DoorEnv>

/** `/rest/v1`, `/auth/v1`, `/storage/v1`, `/reports/v1`, `/publications/v1`, `/city/v1` and `/imports/v1`, with the named routes only. */
export function createApi(options: ApiOptions): Api {
  const { backend, database, journal, photos, secrets, onChange, onUnjournaledChange } = options
  const endedSessions = new EndedSessions(database)
  const guards = createGuards({ ...options, endedSessions })
  const forward = forwardTo(backend)
  const intake = new CommandIntake({ forward, database, backend, journal, onChange })
  const sessions = new SessionEnder({ database, journal, endedSessions, onChange })

  const api = new Hono<DoorEnv>()
  api.use(guards.key)
  api.use('/rest/v1/*', compressAnswers)
  api.use('/auth/v1/*', compressAnswers)
  api.use('/imports/v1/*', compressAnswers)
  api.route('/rest/v1', rpcDoor({ guards, forward, intake, backend }))
  const { jwtSecret } = secrets
  const changes = { onChange, onUnjournaledChange }
  api.route('/auth/v1', authDoor({ guards, forward, database, jwtSecret, sessions, ...changes }))
  api.route('/storage/v1', storageDoor({ guards, photos }))
  api.route('/reports/v1', reportsDoor({ guards, reports: options.reports }))
  api.use('/publications/v1/*', compressAnswers)
  const { publishing } = options
  api.route('/publications/v1', publicationsDoor({ guards, publishing, onUnjournaledChange }))
  api.route('/city/v1', cityDoor({ guards, database, onUnjournaledChange }))
  api.route('/imports/v1', importsDoor({ guards, desk: options.imports }))
  api.notFound(() => problem(404, 'not_found', 'There is nothing at this path.'))
  api.onError((error, { req }) => {
    if (error instanceof TooBusy) return tooMany(error.seconds)
    // nginx's status for a client that hung up.
    if (req.raw.signal.aborted) return new Response(null, { status: 499 })
    if (error instanceof JournalFull) {
      return problem(507, error.code, error.message, { 'retry-after': '60' })
    }
    if (!(error instanceof BackendUnavailable)) throw error
    return problem(503, 'unavailable', error.message, { 'retry-after': '3' })
  })
  return api
}
