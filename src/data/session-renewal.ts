import { AppError } from './errors.ts'
import { wait } from './wait.ts'

/** What stands between auth-js and the auth server when an access token is renewed. */
export interface SessionRenewal {
  /** Takes the place of `fetch` for a renewal. */
  fetch: typeof globalThis.fetch
  /**
   * The answer of a call that may wait for a renewal, but not longer than it takes to find out that
   * the auth server cannot be reached.
   * @throws AppError kind `offline`
   */
  unlessStuck<T>(call: () => PromiseLike<T>): Promise<T>
  /** The session was given up on this device: a renewal that still waits ends as refused. */
  cancel(): void
}

interface RenewalOptions {
  /** Milliseconds without an answer after which callers are told that there is no network. */
  patienceMs?: number
  /** Milliseconds before the next try; doubled up to sixteen times that. */
  retryMs?: number
}

/**
 * Keeps a renewal open until the auth server itself has answered. auth-js would retry for 25 s, hand
 * the failure to every caller for a minute more, and give the session up at any answer that is not
 * the server's: a portal's page, a proxy's 511, a 500 while it restarts. Here only a JSON answer
 * below 500 and other than 429 counts as one; until then the session stays, and callers hear at once
 * that there is no network.
 */
export function patientRenewal(
  fetch: typeof globalThis.fetch,
  { patienceMs = 8_000, retryMs = 2_000 }: RenewalOptions = {},
): SessionRenewal {
  let stuck: AppError | null = null
  let pending = 0
  let cancelled = new AbortController()
  const waiting = new Set<(reason: AppError) => void>()

  function setStuck(reason: unknown): void {
    stuck = new AppError('offline', 'the session cannot be renewed now', { cause: reason })
    for (const reject of waiting) reject(stuck)
    waiting.clear()
  }

  async function attempt(...request: Parameters<typeof fetch>): Promise<Response | null> {
    const impatience = setTimeout(() => setStuck('no answer'), patienceMs)
    try {
      const response = await fetch(...request)
      if (isAuthServer(response)) return response
      setStuck(`HTTP ${response.status} instead of the auth server`)
    } catch (error) {
      setStuck(error)
    } finally {
      clearTimeout(impatience)
    }
    return null
  }

  return {
    async fetch(...request) {
      const { signal } = cancelled
      pending++
      try {
        for (let failures = 0; ; failures++) {
          const response = await attempt(...request)
          if (response) return response
          await wait(retryMs * 2 ** Math.min(4, failures), { signal })
        }
      } catch {
        return sessionGivenUp()
      } finally {
        if (--pending === 0) stuck = null
      }
    },
    unlessStuck(call) {
      if (stuck) return Promise.reject(stuck)
      return new Promise((resolve, reject) => {
        waiting.add(reject)
        Promise.resolve(call())
          .then(resolve, reject)
          .finally(() => waiting.delete(reject))
      })
    },
    cancel() {
      cancelled.abort()
      cancelled = new AbortController()
    },
  }
}

const isAuthServer = (response: Response): boolean =>
  response.status < 500 &&
  response.status !== 429 &&
  (response.headers.get('content-type')?.includes('json') ?? false)

/** What the auth server says of a refresh token it does not know: auth-js then forgets it. */
const sessionGivenUp = (): Response =>
  new Response(
    JSON.stringify({ code: 400, error_code: 'refresh_token_not_found', msg: 'signed out' }),
    {
      status: 400,
      headers: { 'content-type': 'application/json' },
    },
  )
