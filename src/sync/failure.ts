import { AppError, toAppError } from '@/data/errors.ts'

/** A timeout becomes `offline` with the code `timeout`. */
export function failureOf(error: unknown): AppError {
  const isTimeout = error instanceof Error && error.name === 'TimeoutError'
  return isTimeout
    ? new AppError('offline', error.message, { code: 'timeout', cause: error })
    : toAppError(error)
}

/** Rejects on abort, even while the call runs. */
export function untilAborted<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    call.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
