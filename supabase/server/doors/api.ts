import { Hono } from 'hono'
import { BackendUnavailable } from '../backend/backend.ts'
import type { Backend } from '../backend/backend.ts'
import type { Journal } from '../journal/journal.ts'
import type { PhotoApi } from '../photos/photo-api.ts'
import { compressAnswers } from '../wire/compress.ts'
import { problem } from '../wire/problem.ts'
import { RateLimit } from '../wire/rate-limit.ts'
import { authDoor } from './auth.ts'
import { CommandIntake } from './command-intake.ts'
import { forwardTo } from './forward.ts'
import { createGuards } from './guards.ts'
import type { DoorEnv, GuardOptions } from './guards.ts'
import { rpcDoor } from './rpc.ts'
import { storageDoor } from './storage.ts'

export interface ApiOptions extends GuardOptions {
  backend: Pick<Backend, 'fetch' | 'checkCanary' | 'isReady'>
  /** Null on one's own Postgres, which keeps its own log. */
  journal: Pick<Journal, 'append'> | null
  photos: Pick<PhotoApi, 'upload' | 'read' | 'info'>
  /** Called after a request that may have changed something. */
  onChange(): void
  /** As `onChange`, for changes that no journal holds. */
  onUnjournaledChange(): void
}
export type Api = Hono<DoorEnv>

/** Requests a user may make: far above the map page's while it is dragged about. */
const perUser = { burst: 1500, perSecond: 25 }

/** The doors of the APIs: `/rest/v1`, `/auth/v1`, `/storage/v1`. Each offers what its routes name. */
export function createApi(options: ApiOptions): Api {
  const { backend, journal, photos, onChange, onUnjournaledChange } = options
  const guards = createGuards(options)
  const forward = forwardTo(backend)
  const intake = new CommandIntake({ forward, backend, journal, onChange })
  const asUser = [
    guards.caller,
    guards.limitUser(new RateLimit(perUser.burst, perUser.perSecond)),
  ] as const

  const api = new Hono<DoorEnv>()
  api.use(guards.key)
  api.use('/rest/v1/*', compressAnswers)
  api.use('/auth/v1/*', compressAnswers)
  api.route('/rest/v1', rpcDoor({ guards, asUser, forward, intake }))
  api.route('/auth/v1', authDoor({ guards, asUser, forward, onChange, onUnjournaledChange }))
  api.route('/storage/v1', storageDoor({ asUser, photos }))
  api.notFound(() => problem(404, 'not_found', 'There is nothing at this path.'))
  api.onError((error) => {
    if (!(error instanceof BackendUnavailable)) throw error
    return problem(503, 'unavailable', error.message, { 'retry-after': '3' })
  })
  return api
}
