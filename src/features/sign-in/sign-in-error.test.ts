import { describe, expect, it } from 'vitest'
import { AppError } from '@/data/errors.ts'
import { signInProblem } from './sign-in-error.ts'

describe('signInProblem', () => {
  it('does not tell a wrong password from an unknown account', () => {
    expect(
      signInProblem(new AppError('unauthorized', '', { code: 'invalid_credentials' })),
    ).toEqual(signInProblem(new AppError('invalid', '', { code: 'user_not_found' })))
  })

  it('waits as long as the server says, rounded up, and a minute when it does not say', () => {
    const limited = (retryAfterSeconds: number | null) =>
      signInProblem(new AppError('rate-limited', '', { retryAfterSeconds })).waitSeconds
    expect(limited(29.2)).toBe(30)
    expect(limited(null)).toBe(60)
  })

  it('tells no network from a server that fails', () => {
    expect(signInProblem(new AppError('offline', '')).key).not.toBe(
      signInProblem(new AppError('server', '')).key,
    )
  })
})
