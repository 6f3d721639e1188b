export type AppErrorKind =
  | 'offline'
  | 'unauthorized'
  | 'forbidden'
  | 'rate-limited'
  | 'invalid'
  | 'server'

interface AppErrorDetail {
  /** HTTP status; 0 when no answer came. */
  status?: number
  /** The code of PostgREST, Postgres or the auth server, as it came. */
  code?: string | null
  retryAfterSeconds?: number | null
  cause?: unknown
}

/**
 * Whatever went wrong between this device and the data, in six kinds a person can act on.
 * `message` is for logs; what people read comes from the locale files by `kind` and `code`.
 */
export class AppError extends Error {
  readonly kind: AppErrorKind
  readonly status: number
  readonly code: string | null
  readonly retryAfterSeconds: number | null

  constructor(kind: AppErrorKind, message: string, detail: AppErrorDetail = {}) {
    super(message, { cause: detail.cause })
    this.name = 'AppError'
    this.kind = kind
    this.status = detail.status ?? 0
    this.code = detail.code ?? null
    this.retryAfterSeconds = detail.retryAfterSeconds ?? null
  }
}

/** True for the error a caller gets who aborted the call; not a failure, nothing to tell anyone. */
export const isAbort = (error: unknown): boolean =>
  error instanceof Error && error.name === 'AbortError'

/** The `code` of an error of any kind, null when it has none. */
export function codeOf(error: unknown): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : null
}

/** What supabase-js reports, from PostgREST and from the auth server alike. */
export interface ErrorAnswer {
  message?: string
  code?: string | null
  status?: number
}

/**
 * Sorts an answer into its kind.
 * @param status HTTP status, 0 for none
 */
export function errorFromAnswer(
  answer: ErrorAnswer,
  status: number,
  retryAfterSeconds: number | null = null,
): AppError {
  const code = answer.code ?? null
  return new AppError(kindOf(status, code), answer.message || `HTTP ${status}`, {
    status,
    code,
    retryAfterSeconds,
    cause: answer,
  })
}

function kindOf(status: number, code: string | null): AppErrorKind {
  if (code === 'invalid_credentials' || code === 'invalid_grant') return 'unauthorized'
  if (code === '42501') return status === 401 ? 'unauthorized' : 'forbidden'
  if (status === 0) return 'offline'
  if (status === 401) return 'unauthorized'
  if (status === 403) return 'forbidden'
  if (status === 429) return 'rate-limited'
  // A proxy between us and the server that cannot reach it is, for a person, the same as no network.
  if (status === 502 || status === 504 || status === 511) return 'offline'
  if (status >= 400 && status < 500) return 'invalid'
  return 'server'
}

/** Any thrown thing as an `AppError`; an `AppError` is returned as it is. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof TypeError && /fetch|network|load failed/i.test(error.message))
    return new AppError('offline', error.message, { cause: error })
  const message = error instanceof Error ? error.message : String(error)
  return new AppError('server', message, { cause: error })
}
