import * as v from 'valibot'
import { describe, expect, it, vi } from 'vitest'
import { FakeBackend, memoryStorage } from '../../tests/fixtures/fake-backend.ts'
import type { AppConfig } from '@/domain/city/config.ts'
import { callRpc, createBackend } from './client.ts'
import { AppError, errorFromAnswer, isAbort, toAppError } from './errors.ts'

const schema = v.object({ cursor: v.string() })

function backendWith(fetch: typeof globalThis.fetch) {
  const config = new FakeBackend().config() as unknown as AppConfig
  return createBackend(config, { fetch, origin: 'http://test', storage: memoryStorage() })
}
const answering = (body: string, init: ResponseInit) =>
  backendWith(async () => new Response(body, init))
const failure = (promise: Promise<unknown>): Promise<AppError> =>
  promise.then(
    () => expect.unreachable('it should fail'),
    (error: unknown) => error as AppError,
  )

describe('callRpc', () => {
  it.each([
    [401, 'PGRST301', 'unauthorized'],
    [403, '42501', 'forbidden'],
    [400, '22023', 'invalid'],
    [404, 'PGRST202', 'invalid'],
    [429, 'over_request_rate_limit', 'rate-limited'],
    [500, 'XX000', 'server'],
    [502, '', 'offline'],
    [507, 'server_disk_full', 'server'],
  ])('sorts %i %s as %s and keeps message and code', async (status, code, kind) => {
    const backend = answering(JSON.stringify({ code, message: 'why' }), {
      status,
      headers: { 'content-type': 'application/json', 'retry-after': '7' },
    })
    const error = await failure(callRpc(backend, 'f', {}, schema))
    expect(error).toBeInstanceOf(AppError)
    expect(error).toMatchObject({ kind, status, code, message: 'why' })
    expect(error.retryAfterSeconds).toBe(status === 429 || status === 507 ? 7 : null)
  })

  it('tells a missing network from a server', async () => {
    const backend = backendWith(async () => {
      throw new TypeError('Failed to fetch')
    })
    expect((await failure(callRpc(backend, 'f', {}, schema))).kind).toBe('offline')
  })

  it('refuses an answer of another shape, a portal’s page too', async () => {
    const wrong = await failure(callRpc(answering('{"cursor": 1}', {}), 'f', {}, schema))
    expect(wrong).toMatchObject({ kind: 'server', code: 'bad_answer' })
    expect(wrong.message).toContain('f: cursor')
    const page = await failure(callRpc(answering('<html>Log in</html>', {}), 'f', {}, schema))
    expect(page).toBeInstanceOf(AppError)
  })

  it('aborts without calling it a failure', async () => {
    const controller = new AbortController()
    const backend = backendWith(async (_, init) => {
      init?.signal?.throwIfAborted()
      return new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
      })
    })
    const call = failure(callRpc(backend, 'f', {}, schema, controller.signal))
    controller.abort()
    expect(isAbort(await call)).toBe(true)
    expect(isAbort(await failure(callRpc(backend, 'f', {}, schema, controller.signal)))).toBe(true)
  })
})

describe('a session on a device whose clock is wrong', () => {
  it.each([10, -10])(
    'is renewed when its time is over, not before each call (%i years off)',
    async (years) => {
      const server = new FakeBackend()
      const real = Date.now
      let renewals = 0
      const backend = backendWith(async (input, init) => {
        if (String(input).includes('grant_type=refresh_token')) renewals++
        const answer = await server.fetch(input, init)
        const session = (await answer.json()) as object
        // the server's clock is right
        return Response.json({ ...session, expires_at: Math.floor(real() / 1000) + 3600 })
      })
      vi.spyOn(Date, 'now').mockImplementation(() => real() + years * 365 * 24 * 3600_000)
      await backend.supabase.auth.signInWithPassword({ email: 'a@b', password: 'right' })
      for (let call = 0; call < 3; call++) await backend.supabase.auth.getSession()
      vi.restoreAllMocks()
      expect(renewals).toBe(0)
      backend.keptSession.remove()
    },
  )
})

describe('errors', () => {
  it('keeps an AppError and wraps anything else with its cause', () => {
    const error = errorFromAnswer({ message: '' }, 500)
    expect(toAppError(error)).toBe(error)
    expect(error.message).toBe('HTTP 500')
    const odd = new RangeError('torn')
    expect(toAppError(odd)).toMatchObject({ kind: 'server', message: 'torn', cause: odd })
    expect(toAppError(new TypeError('Load failed')).kind).toBe('offline')
    expect(toAppError('text')).toMatchObject({ kind: 'server', message: 'text' })
  })
})
