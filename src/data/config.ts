import * as v from 'valibot'
import type { AppConfig } from '@/domain/city/config.ts'
import { AppError } from './errors.ts'
import { wait } from './wait.ts'

const bbox = v.pipe(
  v.tuple([v.number(), v.number(), v.number(), v.number()]),
  v.check(([west, south, east, north]) => west < east && south < north, 'an empty box'),
)

const configSchema = v.object({
  instanceId: v.pipe(v.string(), v.minLength(1)),
  supabaseUrl: v.string(),
  publishableKey: v.pipe(v.string(), v.minLength(1)),
  tier: v.picklist(['embedded', 'postgres', 'supabase']),
  city: v.object({
    name: v.string(),
    locale: v.string(),
    timeZone: v.string(),
    bbox,
    basemap: v.nullable(v.object({ url: v.string(), attribution: v.string() })),
  }),
  demo: v.nullable(
    v.object({
      accounts: v.array(v.object({ email: v.string(), role: v.string() })),
      password: v.string(),
    }),
  ),
})

/** `attempt` counts from 1. */
export interface ConfigWait {
  reason: 'preparing' | 'offline'
  attempt: number
  /** From the server, if any. */
  step: string | null
}

interface LoadOptions {
  signal?: AbortSignal
  onWait?: (wait: ConfigWait) => void
  fetch?: typeof globalThis.fetch
  /** Milliseconds; grows up to fourfold, or to `maxMs`. */
  retryMs?: number
  maxMs?: number
  /** Also retries after a portal's or proxy's answer. */
  isPatient?: boolean
}

/**
 * Retries while the server is loading (503) or offline.
 * @throws AppError kind `server` when the answer is no configuration; AbortError on abort
 */
export async function loadConfig(options: LoadOptions = {}): Promise<AppConfig> {
  const { signal, onWait, fetch = globalThis.fetch, retryMs = 1000 } = options
  const { maxMs = retryMs * 4, isPatient = false } = options
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    let reason: Omit<ConfigWait, 'attempt'> = { reason: 'offline', step: null }
    try {
      const response = await fetch('/config.json', {
        cache: 'no-store',
        headers: { accept: 'application/json' },
        signal: signal ?? null,
      })
      if (response.ok) return parseConfig(await response.text())
      if (response.status !== 503)
        throw new AppError('server', `config.json: HTTP ${response.status}`, {
          status: response.status,
        })
      reason = { reason: 'preparing', step: stepOf(await response.text()) }
    } catch (error) {
      if (signal?.aborted || (error instanceof AppError && !isPatient)) throw error
    }
    onWait?.({ ...reason, attempt })
    await wait(Math.min(maxMs, retryMs * 1.5 ** (attempt - 1)), { signal })
  }
}

/** Resolves once something answers, whatever it says. @throws AppError `offline` */
export async function knock(fetch: typeof globalThis.fetch, signal: AbortSignal): Promise<void> {
  try {
    await fetch('/config.json', { cache: 'no-store', signal })
  } catch (error) {
    throw new AppError('offline', String(error), { cause: error })
  }
}

/** Every tier serves `config.json`; portals answer something else. */
export async function isServerThere(options: Pick<LoadOptions, 'fetch' | 'signal'> = {}) {
  const { fetch = globalThis.fetch, signal = AbortSignal.timeout(5_000) } = options
  try {
    const response = await fetch('/config.json', { cache: 'no-store', signal })
    return response.ok && isConfig(await response.json())
  } catch {
    return false
  }
}

/** Also for kept configurations. */
export const isConfig = (value: unknown): value is AppConfig => v.is(configSchema, value)

function parseConfig(text: string): AppConfig {
  try {
    return v.parse(configSchema, JSON.parse(text))
  } catch (error) {
    throw new AppError('server', 'config.json is not a configuration', {
      code: 'bad_config',
      cause: error,
    })
  }
}

function stepOf(text: string): string | null {
  try {
    const answer = v.safeParse(v.object({ step: v.string() }), JSON.parse(text))
    return answer.success ? answer.output.step : null
  } catch {
    return null
  }
}
