import { createHmac, timingSafeEqual } from 'node:crypto'

/** What the door believes about a signed-in caller. */
export interface Caller {
  userId: string
  email: string
  /** When the token was signed, in seconds; 0 when it does not say. */
  issuedAt: number
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * The caller of a token we signed ourselves (HS256), not expired, with the role `authenticated`; null
 * for anything else. lite itself would let `role: postgres` run as a superuser.
 */
export function callerOf(
  token: string,
  jwtSecret: string,
  nowSeconds = Date.now() / 1000,
): Caller | null {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.')
  if (rest.length > 0 || !header || !payload || !signature) return null
  const expected = createHmac('sha256', jwtSecret).update(`${header}.${payload}`).digest()
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
  const { alg } = parsePart(header)
  const { sub, role, exp, iat, nbf, email } = parsePart(payload)
  if (alg !== 'HS256' || role !== 'authenticated') return null
  if (typeof exp !== 'number' || exp <= nowSeconds) return null
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > nowSeconds + 60)) return null
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

function parsePart(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
