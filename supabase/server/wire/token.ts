import { createHmac, timingSafeEqual } from 'node:crypto'
import { verify } from 'hono/jwt'

/** The signed-in user a request comes from, as its token says. */
export interface Caller {
  userId: string
  email: string
  /** When the token was signed, in seconds; 0 when it does not say. */
  issuedAt: number
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * The caller of a token signed with our secret (HS256), not expired, with the role `authenticated`;
 * null for anything else. lite itself would let `role: postgres` run as a superuser.
 */
export async function callerOf(token: string, jwtSecret: string): Promise<Caller | null> {
  // iat says nothing about validity: a clock that was set back must not end every session
  const claims = await verify(token, jwtSecret, { alg: 'HS256', iat: false }).catch(() => null)
  if (claims?.role !== 'authenticated') return null
  const { sub, exp, iat, email } = claims
  // the library takes a token without an expiry
  if (typeof exp !== 'number') return null
  if (typeof sub !== 'string' || !uuid.test(sub)) return null
  return {
    userId: sub,
    email: typeof email === 'string' ? email : '',
    issuedAt: typeof iat === 'number' ? iat : 0,
  }
}

/** Compares two secrets in a time that does not depend on where they differ. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
