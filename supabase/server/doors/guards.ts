import type { Context, MiddlewareHandler } from 'hono'
import { isDemoEmail } from '../base/demo.ts'
import type { Secrets } from '../base/secrets.ts'
import type { Peer } from '../wire/addresses.ts'
import { isTooDeep, maxNesting, readBody } from '../wire/body.ts'
import type { FairQueue } from '../wire/fair-queue.ts'
import { OpenAnswers } from '../wire/open-answers.ts'
import { problem, tooMany } from '../wire/problem.ts'
import type { RateLimit } from '../wire/rate-limit.ts'
import { isSameSecret, TokenReader } from '../wire/token.ts'
import type { Caller } from '../wire/token.ts'
import type { EndedSessions } from './ended-sessions.ts'
import { LastUses } from './last-uses.ts'

/** Two devices with six connections each, twice. */
const maxOpenAnswers = 24
/** Milliseconds for a body other than a photo. */
const maxBodyMs = 20_000

/** Set by the guards of the same names. */
export interface DoorEnv {
  Bindings: {
    peer: Peer
    /** Once the answer is out or its connection gone. */
    onClosed?(listener: () => void): void
  }
  Variables: { caller: Caller; body: string }
}
export type DoorContext = Context<DoorEnv>
export type Guard = MiddlewareHandler<DoorEnv>

export interface GuardOptions {
  endedSessions: Pick<EndedSessions, 'includes'>
  secrets: Secrets
  /** Whether the well-known passwords work. */
  acceptsDemoAccounts(peer: Peer): boolean
  queue: FairQueue
}

/**
 * In this order: key → caller or address → limit → body → turn. A refused request's body is not
 * read, and a slow body holds nobody's turn.
 */
export interface Guards {
  key: Guard
  /** A genuine token of a living session. */
  caller: Guard
  limitAddress(limit: RateLimit): Guard
  /** Refuses text too long or too deep. */
  body(maxBytes: number): Guard
  /** Of the person, or of the address without a caller. */
  turn: Guard
  /** `turn` for a part of a handler. @throws TooBusy */
  inTurn<T>(context: DoorContext, work: () => Promise<T>): Promise<T>
  refusesDemo(email: string, peer: Peer): boolean
  /** An instant. */
  lastUseOf(sessionId: string): string | null
}

export function createGuards(options: GuardOptions): Guards {
  const { endedSessions, secrets, acceptsDemoAccounts, queue } = options
  const openAnswers = new OpenAnswers(maxOpenAnswers)
  const inTurn: Guards['inTurn'] = (context, work) => {
    const { caller } = context.var
    const person = caller ? caller.userId : `address ${context.env.peer.address}`
    return queue.run(person, work, context.req.raw.signal)
  }
  const uses = new LastUses()
  const tokens = new TokenReader(secrets.jwtSecret)
  const refusesDemo = (email: string, peer: Peer) =>
    isDemoEmail(email) && !acceptsDemoAccounts(peer)
  return {
    refusesDemo,
    lastUseOf: (sessionId) => uses.of(sessionId),

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
      const caller = await tokens.callerOf(token)
      if (!caller || (await endedSessions.includes(caller.sessionId))) {
        return problem(401, 'bad_jwt', 'Sign in again: this session is not valid here.')
      }
      if (refusesDemo(caller.email, context.env.peer)) return demoRefused()
      const release = openAnswers.take(caller.userId)
      if (!release) return tooMany(1)
      if (context.env.onClosed) context.env.onClosed(release)
      else release()
      uses.note(caller.sessionId)
      context.set('caller', caller)
      return await next()
    },

    limitAddress: (limit) => async (context, next) => {
      const waitSeconds = limit.take(context.env.peer.address)
      return waitSeconds > 0 ? tooMany(waitSeconds) : await next()
    },

    turn: async (context, next) => await inTurn(context, () => next()),
    inTurn,

    body: (maxBytes) => async (context, next) => {
      const bytes = await readBody(context.req.raw, maxBytes, { totalMs: maxBodyMs })
      if (bytes === 'too slow') {
        return problem(408, 'too_slow', 'The request did not arrive in time. Send it again.')
      }
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
