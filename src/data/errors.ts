export type AppErrorKind =
  | 'offline'
  | 'unauthorized'
  | 'forbidden'
  | 'rate-limited'
  | 'invalid'
  | 'server'

interface AppErrorDetail {
  /** 0 without an answer. */
  status?: number
  /** Code of PostgREST, Postgres or the auth server. */
  code?: string | null
  retryAfterSeconds?: number | null
  cause?: unknown
}

/** Six kinds a person can act on. `message` is for logs; `kind` and `code` select the text. */
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

/** An abort is not a failure. */
export const isAbort = (error: unknown): boolean =>
  error instanceof Error && error.name === 'AbortError'

export function codeOf(error: unknown): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : null
}

/** From PostgREST or the auth server. */
export interface ErrorAnswer {
  message?: string
  code?: string | null
  status?: number
}

/** @param status 0 for none */
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
  // The proxy cannot reach the server: for people the same as no network.
  if (status === 502 || status === 504 || status === 511) return 'offline'
  if (status >= 400 && status < 500) return 'invalid'
  return 'server'
}

export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof TypeError && /fetch|network|load failed/i.test(error.message))
    return new AppError('offline', error.message, { cause: error })
  const message = error instanceof Error ? error.message : String(error)
  return new AppError('server', message, { cause: error })
}
