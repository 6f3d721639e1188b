import { Hono } from 'hono'
import type { Database } from '../base/database-types.ts'
import { passwordHashOf } from '../owner/passwords.ts'
import { completeSession } from '../owner/sessions.ts'
import { objectIn } from '../wire/body.ts'
import { EvenTime } from '../wire/even-time.ts'
import { problem, tooMany } from '../wire/problem.ts'
import { RateLimit } from '../wire/rate-limit.ts'
import { callerOf } from '../wire/token.ts'
import type { Forward } from './forward.ts'
import { demoRefused } from './guards.ts'
import type { DoorContext, DoorEnv, Guards } from './guards.ts'
import { changePassword } from './own-password.ts'
import { ownSessionsDoor } from './own-sessions.ts'
import type { SessionEnder } from './session-ender.ts'
import { SignInLimit } from './sign-in-limit.ts'

export interface AuthDoorOptions {
  guards: Guards
  forward: Forward
  /** With the owner's rights. */
  database(): Database
  jwtSecret: string
  sessions: SessionEnder
  /** Something may have changed. */
  onChange(): void
  /** Something that no journal holds may have changed. */
  onUnjournaledChange(): void
}

const maxBodyBytes = 256 * 1024
const refreshPerAddress = { burst: 120, perSecond: 2 }

/** Passwords and sessions are this door's; the backend signs in and refreshes. */
export function authDoor(options: AuthDoorOptions): Hono<DoorEnv> {
  const { guards, forward, database, jwtSecret, sessions, onChange } = options
  const limitRefreshes = guards.limitAddress(
    new RateLimit(refreshPerAddress.burst, refreshPerAddress.perSecond),
  )
  const signIns = new SignInLimit()
  const evenTime = new EvenTime()
  const body = guards.body(maxBodyBytes)
  const door = new Hono<DoorEnv>()

  async function signIn(context: DoorContext): Promise<Response> {
    const { peer } = context.env
    const email = objectIn(context.var.body)?.email
    if (typeof email !== 'string') return problem(400, 'validation_failed', 'An email is needed.')
    const account = email.trim().toLowerCase()
    if (guards.refusesDemo(account, peer)) return demoRefused()
    const waitSeconds = signIns.take(account, peer)
    if (waitSeconds > 0) return tooMany(waitSeconds)
    const response = await evenTime.answer(
      // The refusal's delay holds no turn.
      () => guards.inTurn(context, () => beginSession(context, account)),
      (answer) => answer.ok,
    )
    if (response.ok) {
      signIns.refund(account, peer)
      onChange()
    }
    return response
  }

  async function beginSession(context: DoorContext, account: string): Promise<Response> {
    const passwordHash = await passwordHashOf(database(), account)
    const answer = await forward(callOf(context, '/token?grant_type=password'))
    if (!answer.ok) return answer
    const { access_token: token } = (await answer.clone().json()) as { access_token?: unknown }
    const caller = typeof token === 'string' ? await callerOf(token, jwtSecret) : null
    if (!caller) throw new Error('The backend signed somebody in without a session.')
    const { userId, sessionId: id } = caller
    const userAgent = context.req.header('user-agent') ?? null
    if (await completeSession(database(), { id, passwordHash, userAgent })) return answer
    await sessions.end(userId, { session: id })
    return problem(400, 'invalid_credentials', 'Invalid login credentials')
  }

  door.post(
    '/token',
    (context, next) => (isRefresh(context) ? limitRefreshes(context, next) : next()),
    body,
    async (context) => {
      if (isRefresh(context)) {
        const call = callOf(context, '/token?grant_type=refresh_token')
        return guards.inTurn(context, () => forward(call))
      }
      return grantOf(context) === 'password' ? signIn(context) : notOffered()
    },
  )
  door.get('/user', guards.caller, guards.turn, (context) => forward(ownUser(context)))
  door.put('/user', guards.caller, body, changePassword(options, ownUser))
  door.route('/', ownSessionsDoor({ guards, body, database, sessions }))
  door.all('*', notOffered)
  return door
}

function ownUser({ req }: DoorContext) {
  return { method: 'GET', path: '/auth/v1/user', headers: req.raw.headers, body: '' }
}

function grantOf(context: DoorContext): string | undefined {
  return context.req.query('grant_type')
}

function isRefresh(context: DoorContext): boolean {
  return grantOf(context) === 'refresh_token'
}

function callOf(context: DoorContext, path: string) {
  const { method, headers } = context.req.raw
  return { method, path: `/auth/v1${path}`, headers, body: context.var.body }
}

function notOffered(): Response {
  return problem(403, 'not_offered', 'This server offers signing in by password only.')
}
