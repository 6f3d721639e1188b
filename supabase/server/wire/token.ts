import { createHmac, timingSafeEqual } from 'node:crypto'
import { verify } from 'hono/jwt'

export interface Caller {
  userId: string
  email: string
  /** Id in `auth.sessions`. */
  sessionId: string
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && uuid.test(value)
}

/**
 * The caller of a valid HS256 token, or null. Requires a session, so that it can be ended. Requires
 * the role: lite would run `role: postgres` as a superuser.
 */
export async function callerOf(token: string, jwtSecret: string): Promise<Caller | null> {
  return (await readToken(token, jwtSecret))?.caller ?? null
}

const maxRemembered = 1_000

/** `callerOf` that checks each token once: a check waits for two other threads. */
export class TokenReader {
  #jwtSecret: string
  #known = new Map<string, KnownToken>()

  constructor(jwtSecret: string) {
    this.#jwtSecret = jwtSecret
  }

  async callerOf(token: string): Promise<Caller | null> {
    const known = this.#known.get(token) ?? (await readToken(token, this.#jwtSecret))
    if (!known || known.expiresAt <= Date.now() / 1000) {
      this.#known.delete(token)
      return null
    }
    if (this.#known.size >= maxRemembered) this.#known.clear()
    this.#known.set(token, known)
    return known.caller
  }
}

interface KnownToken {
  caller: Caller
  /** Seconds since 1970. */
  expiresAt: number
}

async function readToken(token: string, jwtSecret: string): Promise<KnownToken | null> {
  // setting the clock back must not end every session
  const claims = await verify(token, jwtSecret, { alg: 'HS256', iat: false }).catch(() => null)
  if (claims?.role !== 'authenticated') return null
  const { sub, exp, session_id: sessionId, email } = claims
  // the library accepts a token without an expiry
  if (typeof exp !== 'number') return null
  if (!isUuid(sub) || !isUuid(sessionId)) return null
  const caller = { userId: sub, email: typeof email === 'string' ? email : '', sessionId }
  return { caller, expiresAt: exp }
}

/** In constant time. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
