import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import * as v from 'valibot'
import type { AppConfig } from '@/domain/city/config.ts'
import { AppError, errorFromAnswer, isAbort } from './errors.ts'
import { keptSession, type KeptSession } from './kept-session.ts'
import { serverClock, type ServerClock } from './server-clock.ts'
import { patientRenewal, type SessionRenewal } from './session-renewal.ts'

export interface Backend {
  config: AppConfig
  supabase: SupabaseClient
  /** API address, ending in `/`. */
  url: string
  /** For calls that supabase-js lacks. */
  fetch: typeof globalThis.fetch
  /** Seconds the server last asked to wait (429, 507), or null. */
  retryAfterSeconds: () => number | null
  /** Fails at once when a new token is needed but offline. */
  unlessStuck: SessionRenewal['unlessStuck']
  keptSession: KeptSession
  clock: ServerClock
}

interface BackendOptions {
  fetch?: typeof globalThis.fetch
  /** Base for a relative `supabaseUrl`. */
  origin?: string
  storage?: Storage
}

export function createBackend(config: AppConfig, options: BackendOptions = {}): Backend {
  const origin = options.origin ?? globalThis.location?.origin ?? 'http://127.0.0.1'
  const guarded = guardedFetch(options.fetch ?? globalThis.fetch.bind(globalThis))
  const url = new URL(config.supabaseUrl || '/', origin).href
  // A restored database has another instance id: old sessions do not fit.
  const storageKey = `wangge-auth-${config.instanceId}`
  const supabase = createClient(url, config.publishableKey, {
    auth: {
      storageKey,
      ...(options.storage && { storage: options.storage }),
      persistSession: true,
      autoRefreshToken: true,
      detectSessionInUrl: false,
    },
    global: { fetch: guarded.fetch },
  })
  const { fetch, retryAfterSeconds, renewal, clock } = guarded
  return {
    config,
    supabase,
    url,
    fetch,
    retryAfterSeconds,
    unlessStuck: renewal.unlessStuck,
    keptSession: keptSession(storageKey, options.storage, renewal.cancel),
    clock,
  }
}

/** Hides foreign answers from auth-js; see `patientRenewal`. */
function guardedFetch(fetch: typeof globalThis.fetch) {
  let retryAfter: number | null = null
  const renewal = patientRenewal(fetch)
  const clock = serverClock()
  const guarded: typeof globalThis.fetch = async (input, init) => {
    const url = String(input instanceof Request ? input.url : input)
    const isToken = url.includes('/auth/v1/token')
    if (isToken && url.includes('grant_type=refresh_token'))
      return byOwnClock(await renewal.fetch(input, init))
    const askedAt = Date.now()
    const response = await fetch(input, init)
    clock.note(response, askedAt, Date.now())
    if (isClosed(response.status)) {
      const seconds = Number(response.headers.get('retry-after'))
      retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds : null
    }
    const isJson = response.headers.get('content-type')?.includes('json') ?? false
    if (isToken && !isJson)
      throw new TypeError(`fetch failed: HTTP ${response.status} instead of the auth server`)
    return isToken ? byOwnClock(response) : response
  }
  return { fetch: guarded, renewal, clock, retryAfterSeconds: () => retryAfter }
}

/**
 * Drops `expires_at`: auth-js then uses the device's clock. A clock that is ahead would otherwise
 * renew before every call.
 */
async function byOwnClock(response: Response): Promise<Response> {
  if (!response.ok) return response
  const session = (await response.json().catch((error: unknown) => {
    throw new TypeError('fetch failed: the answer was cut off', { cause: error })
  })) as Record<string, unknown>
  delete session.expires_at
  const headers = { 'content-type': 'application/json' }
  return new Response(JSON.stringify(session), { status: response.status, headers })
}

/** Too many calls, or a full disk: `Retry-After` says when the server takes calls again. */
const isClosed = (status: number): boolean => status === 429 || status === 507

/**
 * Signed request for paths that supabase-js lacks; returns any status.
 * @throws AppError kind `unauthorized` without a session, `offline`; AbortError
 */
export async function fetchSigned(
  backend: Backend,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const { data } = await backend.unlessStuck(() => backend.supabase.auth.getSession())
  if (!data.session) throw new AppError('unauthorized', 'no session to send with')
  const headers = new Headers(init.headers)
  headers.set('apikey', backend.config.publishableKey)
  headers.set('authorization', `Bearer ${data.session.access_token}`)
  try {
    return await backend.fetch(`${backend.url}${path}`, { ...init, headers })
  } catch (error) {
    if (isAbort(error)) throw error
    throw new AppError('offline', String(error), { cause: error })
  }
}

/** Checks the answer's shape. @throws AppError; AbortError when `signal` aborts */
export async function callRpc<T>(
  backend: Backend,
  name: string,
  args: Record<string, unknown>,
  schema: v.GenericSchema<unknown, T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted()
  const call = backend.supabase.rpc(name, args)
  if (signal) call.abortSignal(signal)
  const { data, error, status } = await backend.unlessStuck(() => call)
  // supabase-js reports an abort as an ordinary error.
  signal?.throwIfAborted()
  if (error)
    throw errorFromAnswer(error, status, isClosed(status) ? backend.retryAfterSeconds() : null)
  const parsed = v.safeParse(schema, data)
  if (!parsed.success) {
    const issue = parsed.issues[0]
    throw new AppError('server', `${name}: ${v.getDotPath(issue) ?? 'answer'}: ${issue.message}`, {
      status,
      code: 'bad_answer',
    })
  }
  return parsed.output
}
