import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AppError } from './errors.ts'
import { patientRenewal } from './session-renewal.ts'

const json = (status: number) =>
  new Response('{}', { status, headers: { 'content-type': 'application/json' } })
const portal = () =>
  new Response('<html>', { status: 200, headers: { 'content-type': 'text/html' } })

describe('patient renewal', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each([
    ['no network', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['a portal’s page', async () => portal()],
    ['a proxy’s 511', async () => json(511)],
    ['a server that restarts', async () => json(500)],
    ['a rate limit', async () => json(429)],
  ])('takes %s for no answer and asks until there is one', async (_, fail) => {
    const answers = [fail, fail, fail, async () => json(200)]
    const fetch = vi.fn(() => answers.shift()!())
    const renewal = patientRenewal(fetch)
    const renewed = renewal.fetch('/auth/v1/token')
    await vi.advanceTimersByTimeAsync(60_000)
    expect((await renewed).status).toBe(200)
    expect(fetch).toHaveBeenCalledTimes(4)
  })

  it.each([400, 401, 403])('hands on the auth server’s own %i', async (status) => {
    const renewal = patientRenewal(async () => json(status))
    expect((await renewal.fetch('/auth/v1/token')).status).toBe(status)
  })

  it('tells callers at once, and those that come later, until it is renewed', async () => {
    let isUp = false
    const renewal = patientRenewal(async () => (isUp ? json(200) : portal()))
    const renewed = renewal.fetch('/auth/v1/token')
    const early = renewal.unlessStuck(() => renewed)
    await expect(early).rejects.toMatchObject({ kind: 'offline' })
    const call = vi.fn(async () => 1)
    await expect(renewal.unlessStuck(call)).rejects.toBeInstanceOf(AppError)
    expect(call).not.toHaveBeenCalled()
    isUp = true
    await vi.advanceTimersByTimeAsync(60_000)
    await renewed
    expect(await renewal.unlessStuck(call)).toBe(1)
  })

  it('tells callers after some seconds when no answer comes at all', async () => {
    const renewal = patientRenewal(() => new Promise(() => {}), { patienceMs: 8_000 })
    void renewal.fetch('/auth/v1/token')
    const call = renewal.unlessStuck(() => new Promise(() => {}))
    const failed = expect(call).rejects.toMatchObject({ kind: 'offline' })
    await vi.advanceTimersByTimeAsync(8_000)
    await failed
  })

  it('ends as refused when the session is given up, and the next one is not touched', async () => {
    const renewal = patientRenewal(async () => portal())
    const waiting = renewal.fetch('/auth/v1/token')
    await vi.advanceTimersByTimeAsync(0)
    renewal.cancel()
    expect((await waiting).status).toBe(400)
    expect(await renewal.unlessStuck(async () => 2)).toBe(2)
  })
})
