export type OutboxErrorCode =
  /** Earlier data is untouched. */
  | 'storage_full'
  /** Any other failure. */
  | 'storage_failed'
  /** Plain http: no hashes and no locks. */
  | 'insecure_context'
  | 'photo_missing'
  /** Gone, under way, or at the server. */
  | 'not_editable'
  /** Another tab queued the draft. */
  | 'already_sent'
  /** Another tab saved the draft. */
  | 'changed_elsewhere'
  | 'already_replaced'
  | 'too_large'
  | 'not_an_export'
  | 'wrong_instance'
  | 'wrong_user'

/** `code` selects the displayed text. */
export class OutboxError extends Error {
  readonly code: OutboxErrorCode

  constructor(code: OutboxErrorCode, message: string = code, cause?: unknown) {
    super(message, { cause })
    this.name = 'OutboxError'
    this.code = code
  }
}

/** Full disk or exhausted quota, also nested. */
const isQuota = (error: unknown, depth = 0): boolean => {
  if (typeof error !== 'object' || error === null || depth > 4) return false
  const { name, inner, cause, message } = error as Record<string, unknown>
  return (
    name === 'QuotaExceededError' ||
    (typeof message === 'string' && message.includes('QuotaExceededError')) ||
    isQuota(inner, depth + 1) ||
    isQuota(cause, depth + 1)
  )
}

export function toOutboxError(error: unknown): OutboxError {
  if (error instanceof OutboxError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new OutboxError(isQuota(error) ? 'storage_full' : 'storage_failed', message, error)
}
