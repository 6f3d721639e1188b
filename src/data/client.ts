import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import * as v from 'valibot'
import type { AppConfig } from '../domain/config.ts'
import { AppError, errorFromAnswer } from './errors.ts'

/** The one door to the data: a Supabase client and what the repositories need around it. */
export interface Backend {
  config: AppConfig
  supabase: SupabaseClient
  /** Where the API is, ended by `/`. */
  url: string
  /** The client's own fetch, for what supabase-js cannot do. */
  fetch: typeof globalThis.fetch
  /** Seconds the server last asked to wait (429), or null. */
  retryAfterSeconds: () => number | null
  /** A client that keeps no session, for checking a password beside the running session. */
  probe: () => SupabaseClient
}

interface BackendOptions {
  fetch?: typeof globalThis.fetch
  /** The page's origin, against which a relative `supabaseUrl` is read. */
  origin?: string
  storage?: Storage
}

export function createBackend(config: AppConfig, options: BackendOptions = {}): Backend {
  const origin = options.origin ?? globalThis.location?.origin ?? 'http://127.0.0.1'
  const guarded = guardedFetch(options.fetch ?? globalThis.fetch.bind(globalThis))
  const url = new URL(config.supabaseUrl || '/', origin).href
  const supabase = createClient(url, config.publishableKey, {
    auth: {
      // A restored or replaced database has another instance id: old sessions do not fit it.
      storageKey: `wangge-auth-${config.instanceId}`,
      ...(options.storage && { storage: options.storage }),
      persistSession: true,
      autoRefreshToken: true,
      detectSessionInUrl: false,
    },
    global: { fetch: guarded.fetch },
  })
  const probe = () =>
    createClient(url, config.publishableKey, {
      auth: {
        persistSession: false,
        autoRefreshToken: false,
        detectSessionInUrl: false,
        storageKey: `wangge-probe-${config.instanceId}`,
      },
      global: { fetch: guarded.fetch },
    })
  const { fetch, retryAfterSeconds } = guarded
  return { config, supabase, url, fetch, retryAfterSeconds, probe }
}

/**
 * Keeps what is not the auth server's own word away from auth-js, which erases the session on any
 * 4xx of a token refresh: a captive portal's page, a proxy's 511, a rate limit. They become a
 * network error, after which the session is kept and the refresh tried again later.
 */
function guardedFetch(fetch: typeof globalThis.fetch) {
  let retryAfter: number | null = null
  const guarded: typeof globalThis.fetch = async (input, init) => {
    const url = String(input instanceof Request ? input.url : input)
    const response = await fetch(input, init)
    if (response.status === 429) {
      const seconds = Number(response.headers.get('retry-after'))
      retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds : null
    }
    if (url.includes('/auth/v1/token')) {
      const isJson = response.headers.get('content-type')?.includes('json') ?? false
      const isRefresh = url.includes('grant_type=refresh_token')
      if (!isJson || (isRefresh && response.status === 429))
        throw new TypeError(`fetch failed: HTTP ${response.status} instead of the auth server`)
    }
    return response
  }
  return { fetch: guarded, retryAfterSeconds: () => retryAfter }
}

/**
 * Calls a database function and checks the shape of its answer.
 * @throws AppError; AbortError when `signal` aborts
 */
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
  const { data, error, status } = await call
  // supabase-js reports an abort as an ordinary failure without a status.
  signal?.throwIfAborted()
  if (error)
    throw errorFromAnswer(error, status, status === 429 ? backend.retryAfterSeconds() : null)
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
