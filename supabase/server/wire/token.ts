import { createHmac, timingSafeEqual } from 'node:crypto'
import { verify } from 'hono/jwt'

/** The signed-in user a request comes from, as its token says. */
export interface Caller {
  userId: string
  email: string
  /** The session the token belongs to: an id of `auth.sessions`. */
  sessionId: string
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && uuid.test(value)
}

/**
 * The caller of a token signed with our secret (HS256), not expired, with the role `authenticated`
 * and a session; null for anything else. A token without a session could not be ended. lite itself
 * would let `role: postgres` run as a superuser.
 */
export async function callerOf(token: string, jwtSecret: string): Promise<Caller | null> {
  // iat is not checked: a clock that was set back must not end every session
  const claims = await verify(token, jwtSecret, { alg: 'HS256', iat: false }).catch(() => null)
  if (claims?.role !== 'authenticated') return null
  const { sub, exp, session_id: sessionId, email } = claims
  // the library takes a token without an expiry
  if (typeof exp !== 'number') return null
  if (!isUuid(sub) || !isUuid(sessionId)) return null
  return { userId: sub, email: typeof email === 'string' ? email : '', sessionId }
}

/** Compares two secrets in a time that does not depend on where they differ. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
