import { Hono } from 'hono'
import { isDemoEmail } from '../base/demo.ts'
import { objectIn } from '../wire/body.ts'
import { EvenTime } from '../wire/even-time.ts'
import { problem, tooMany } from '../wire/problem.ts'
import { RateLimit } from '../wire/rate-limit.ts'
import type { Forward } from './forward.ts'
import { demoRefused } from './guards.ts'
import type { DoorContext, DoorEnv, Guards } from './guards.ts'
import { SignInLimit } from './sign-in-limit.ts'

export interface AuthDoorOptions {
  guards: Guards
  forward: Forward
  /** Called after a request that may have changed something. */
  onChange(): void
  /** As `onChange`, for changes that no journal holds. */
  onUnjournaledChange(): void
}

const maxBodyBytes = 256 * 1024
/** Changes of one's own password: each is hashed, which is slow on purpose. */
const passwordsPerUser = { burst: 10, perSecond: 1 / 60 }
const refreshPerAddress = { burst: 120, perSecond: 2 }
const passwordFields = new Set(['password', 'current_password', 'nonce'])

/** Signing in by password, refreshing, signing out, one's own account and password; nothing else. */
export function authDoor(options: AuthDoorOptions): Hono<DoorEnv> {
  const { guards, forward, onChange, onUnjournaledChange } = options
  const limitRefreshes = guards.limitAddress(
    new RateLimit(refreshPerAddress.burst, refreshPerAddress.perSecond),
  )
  const passwords = new RateLimit(passwordsPerUser.burst, passwordsPerUser.perSecond)
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
      // the refusal's delay is outside of the turn: it must hold up nobody
      () => guards.inTurn(context, () => forward(callOf(context, '/token?grant_type=password'))),
      (answer) => answer.ok,
    )
    if (response.ok) {
      signIns.refund(account, peer)
      onChange()
    }
    return response
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
  door.post('/logout', guards.caller, body, guards.turn, (context) =>
    forward(callOf(context, `/logout${new URL(context.req.url).search}`)),
  )
  door.get('/user', guards.caller, guards.turn, ({ req }) =>
    forward({ method: 'GET', path: '/auth/v1/user', headers: req.raw.headers, body: '' }),
  )
  door.put('/user', guards.caller, body, guards.turn, async (context) => {
    const { caller } = context.var
    // the client library always sends its code challenge, null when there is none
    const fields = Object.entries(objectIn(context.var.body) ?? {})
      .filter(([, value]) => value !== null)
      .map(([name]) => name)
    if (!fields.includes('password') || fields.some((field) => !passwordFields.has(field))) {
      return problem(403, 'not_offered', 'Only the password can be changed here.')
    }
    if (isDemoEmail(caller.email)) {
      return problem(403, 'demo_account', 'The passwords of the demo accounts stay as they are.')
    }
    const waitSeconds = passwords.take(caller.userId)
    if (waitSeconds > 0) return tooMany(waitSeconds)
    const response = await forward(callOf(context, '/user'))
    if (response.ok) onUnjournaledChange()
    return response
  })
  door.all('*', notOffered)
  return door
}

function grantOf(context: DoorContext): string | undefined {
  return context.req.query('grant_type')
}

function isRefresh(context: DoorContext): boolean {
  return grantOf(context) === 'refresh_token'
}

/** The request with its checked body, for a path below `/auth/v1`. */
function callOf(context: DoorContext, path: string) {
  const { method, headers } = context.req.raw
  return { method, path: `/auth/v1${path}`, headers, body: context.var.body }
}

function notOffered(): Response {
  return problem(403, 'not_offered', 'This server offers signing in by password only.')
}
