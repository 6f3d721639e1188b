import { AppError } from './errors.ts'
import { wait } from './wait.ts'

export interface SessionRenewal {
  /** Replaces `fetch` for renewals. */
  fetch: typeof globalThis.fetch
  /** @throws AppError kind `offline` when the auth server is unreachable */
  unlessStuck<T>(call: () => PromiseLike<T>): Promise<T>
  /** Ends a waiting renewal as refused. */
  cancel(): void
}

interface RenewalOptions {
  /** Milliseconds until callers count as offline. */
  patienceMs?: number
  /** Milliseconds; grows up to 16-fold. */
  retryMs?: number
}

/**
 * Keeps a renewal open until the auth server answers with JSON, not 429 or 5xx. auth-js would drop
 * the session on a portal's or proxy's answer. Callers fail at once; the session stays.
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

/** Makes auth-js forget the session. */
const sessionGivenUp = (): Response =>
  new Response(
    JSON.stringify({ code: 400, error_code: 'refresh_token_not_found', msg: 'signed out' }),
    {
      status: 400,
      headers: { 'content-type': 'application/json' },
    },
  )
