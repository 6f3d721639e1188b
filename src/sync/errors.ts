export type OutboxErrorCode =
  /** The device has no room left; what was stored before is untouched. */
  | 'storage_full'
  /** The device's storage failed in another way. */
  | 'storage_failed'
  /** Plain http: no hashes, no locks. */
  | 'insecure_context'
  /** A photo that a command names is not on this device. */
  | 'photo_missing'
  /** The item is gone, on its way, or already at the server. */
  | 'not_editable'
  /** The draft has become an item, by another tab. */
  | 'already_sent'
  /** Another tab has saved the draft meanwhile. */
  | 'changed_elsewhere'
  /** A corrected copy of this command is already in the queue. */
  | 'already_replaced'
  | 'too_large'
  | 'not_an_export'
  | 'wrong_instance'
  | 'wrong_user'

/** What the outbox cannot do; `code` keys the text that people read. */
export class OutboxError extends Error {
  readonly code: OutboxErrorCode

  constructor(code: OutboxErrorCode, message: string = code, cause?: unknown) {
    super(message, { cause })
    this.name = 'OutboxError'
    this.code = code
  }
}

/** The name a failed write has when the disk, or what the browser grants of it, is full. */
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
