import type { AppError } from '@/data/errors.ts'

/** What the form says about a failed sign-in: a locale key and its values. */
export interface SignInProblem {
  key: string
  /** Seconds to wait before the next try; 0 when none are asked for. */
  waitSeconds: number
}

/** Seconds to wait when the server limits the rate but does not say for how long. */
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
