import { Hono } from 'hono'
import type { Database } from '../base/database-types.ts'
import { listSessions } from '../owner/sessions.ts'
import type { Ending } from '../owner/sessions.ts'
import { problem, tooMany } from '../wire/problem.ts'
import { RateLimit } from '../wire/rate-limit.ts'
import { isUuid } from '../wire/token.ts'
import type { Caller } from '../wire/token.ts'
import type { DoorContext, DoorEnv, Guard, Guards } from './guards.ts'
import type { SessionEnder } from './session-ender.ts'

export interface OwnSessionsOptions {
  guards: Guards
  body: Guard
  /** With the owner's rights. */
  database(): Database
  sessions: SessionEnder
}

/** Each end is synced to the disk. */
const endsPerUser = { burst: 60, perSecond: 1 / 10 }

export function ownSessionsDoor({ guards, body, database, sessions }: OwnSessionsOptions) {
  const ends = new RateLimit(endsPerUser.burst, endsPerUser.perSecond)
  const door = new Hono<DoorEnv>()

  async function end(context: DoorContext, ending: Ending): Promise<number | Response> {
    const { userId } = context.var.caller
    const waitSeconds = ends.take(userId)
    if (waitSeconds > 0) return tooMany(waitSeconds)
    return await guards.inTurn(context, () => sessions.end(userId, ending))
  }

  door.post('/logout', guards.caller, body, async (context) => {
    const scope = context.req.query('scope') ?? 'global'
    const ending = endingOf(scope, context.var.caller)
    if (!ending) {
      return problem(400, 'validation_failed', 'The scope is global, local or others.')
    }
    const count = await end(context, ending)
    return count instanceof Response ? count : done()
  })
  door.get('/sessions', guards.caller, guards.turn, async (context) => {
    const { userId, sessionId } = context.var.caller
    const rows = await listSessions(database(), userId)
    const own = rows.map((row) => ({
      ...row,
      lastUsedAt: guards.lastUseOf(row.id) ?? row.renewedAt,
      isThis: row.id === sessionId.toLowerCase(),
    }))
    return context.json(own, 200, { 'cache-control': 'no-store' })
  })
  door.delete('/sessions/:id', guards.caller, async (context) => {
    const session = context.req.param('id')
    const count = isUuid(session) ? await end(context, { session }) : 0
    if (count instanceof Response) return count
    // The same answer for another person's session.
    return count > 0
      ? done()
      : problem(404, 'session_unknown', 'There is no such session of yours.')
  })
  return door
}

function done(): Response {
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
}

/** Supabase's scopes of `logout`. */
function endingOf(scope: string, { sessionId }: Caller): Ending | null {
  if (scope === 'global') return 'all'
  if (scope === 'local') return { session: sessionId }
  return scope === 'others' ? { others: sessionId } : null
}
