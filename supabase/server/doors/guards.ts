import type { Context, MiddlewareHandler } from 'hono'
import type { Database } from '../base/database-types.ts'
import { isDemoEmail } from '../base/demo.ts'
import type { Secrets } from '../base/secrets.ts'
import type { Peer } from '../wire/addresses.ts'
import { isTooDeep, maxNesting, readBody } from '../wire/body.ts'
import { problem, tooMany } from '../wire/problem.ts'
import type { RateLimit } from '../wire/rate-limit.ts'
import { callerOf, isSameSecret } from '../wire/token.ts'
import type { Caller } from '../wire/token.ts'
import { EndedSessions } from './ended-sessions.ts'

/** What a door knows of a request; each variable is set by the guard of its name. */
export interface DoorEnv {
  Bindings: { peer: Peer }
  Variables: { caller: Caller; body: string }
}
export type DoorContext = Context<DoorEnv>
/** Lets a request on, or answers with the refusal. */
export type Guard = MiddlewareHandler<DoorEnv>

export interface GuardOptions {
  database(): Database
  secrets: Secrets
  /** Whether the demo's well-known passwords open anything for this peer. */
  acceptsDemoAccounts(peer: Peer): boolean
}

/**
 * The chain every door puts before its routes, in this order: key → caller or address → limit →
 * body. The cheap refusals come first; no body is read for a request that is refused anyway.
 */
export interface Guards {
  key: Guard
  /** A genuine token whose session has not been ended. */
  caller: Guard
  /** Requests of one signed-in user; after `caller`. */
  limitUser(limit: RateLimit): Guard
  /** Requests of one address. */
  limitAddress(limit: RateLimit): Guard
  /** Reads the body as text; refuses one that is too long or nested too deep. */
  body(maxBytes: number): Guard
  /** True for a demo account that this peer may not use. */
  refusesDemo(email: string, peer: Peer): boolean
}

export function createGuards({ database, secrets, acceptsDemoAccounts }: GuardOptions): Guards {
  const endedSessions = new EndedSessions(database)
  const refusesDemo = (email: string, peer: Peer) =>
    isDemoEmail(email) && !acceptsDemoAccounts(peer)
  return {
    refusesDemo,

    async key({ req }, next) {
      const key = req.header('apikey')
      if (!key) return problem(401, 'no_api_key', 'The request carries no apikey.')
      if (!isSameSecret(key, secrets.publishableKey)) {
        return problem(401, 'bad_api_key', 'This apikey is not accepted here.')
      }
      return await next()
    },

    async caller(context, next) {
      const token = /^Bearer (\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1] ?? ''
      const caller = await callerOf(token, secrets.jwtSecret)
      if (!caller || (await endedSessions.includes(caller))) {
        return problem(401, 'bad_jwt', 'Sign in again: this session is not valid here.')
      }
      if (refusesDemo(caller.email, context.env.peer)) return demoRefused()
      context.set('caller', caller)
      return await next()
    },

    limitUser: (limit) => limitBy(limit, (context) => context.var.caller.userId),
    limitAddress: (limit) => limitBy(limit, (context) => context.env.peer.address),

    body: (maxBytes) => async (context, next) => {
      const bytes = await readBody(context.req.raw, maxBytes)
      if (bytes === 'too large') {
        return problem(413, 'too_large', `The request is longer than ${maxBytes} bytes.`)
      }
      const text = new TextDecoder().decode(bytes ?? new ArrayBuffer(0))
      if (isTooDeep(text)) return tooDeep()
      context.set('body', text)
      return await next()
    },
  }
}

function limitBy(limit: RateLimit, keyOf: (context: DoorContext) => string): Guard {
  return async (context, next) => {
    const waitSeconds = limit.take(keyOf(context))
    return waitSeconds > 0 ? tooMany(waitSeconds) : await next()
  }
}

export function demoRefused(): Response {
  return problem(
    403,
    'demo_refused',
    'The demo accounts are refused here: others can reach this server. ' +
      'ALLOW_DEMO_ACCOUNTS=1 lets them in.',
  )
}

export function tooDeep(): Response {
  return problem(400, 'too_deep', `The request is nested deeper than ${maxNesting} levels.`)
}
