import type { AppError } from '@/data/errors.ts'

export interface SignInProblem {
  key: string
  /** Seconds; 0 for no wait. */
  waitSeconds: number
}

/** Used when a rate limit gives no wait time. */
const usualWaitSeconds = 60

export function signInProblem(error: AppError): SignInProblem {
  switch (error.kind) {
    case 'unauthorized':
    case 'invalid':
      return { key: 'sign-in.error.wrong', waitSeconds: 0 }
    case 'rate-limited':
      return {
        key: 'sign-in.error.limited',
        waitSeconds: Math.ceil(error.retryAfterSeconds ?? usualWaitSeconds),
      }
    case 'offline':
      return { key: 'sign-in.error.offline', waitSeconds: 0 }
    case 'forbidden':
      return { key: 'sign-in.error.forbidden', waitSeconds: 0 }
    case 'server':
      return { key: 'sign-in.error.server', waitSeconds: 0 }
  }
}
