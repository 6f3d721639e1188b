import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test, vi } from 'vitest'
import type { AppConfig } from '../../../src/domain/city/config.ts'
import { FairQueue } from '../wire/fair-queue.ts'
import type { Api } from './api.ts'
import { createDoor } from './door.ts'
import type { DoorOptions } from './door.ts'
import { PublishedDocument } from './figures.ts'
import { StaticFiles } from './static-files.ts'

const host = '127.0.0.1:4173'

/** A door, and the connection of its one request. */
function doorWith(changed: Partial<DoorOptions> = {}) {
  const queue = new FairQueue({
    maxUnderWay: 1,
    maxPerPerson: 1,
    maxWaitingPerPerson: 10,
    maxWaitMs: 1e9,
  })
  const closed: string[] = []
  const api = {
    async fetch(_request: Request, { onClosed }: { onClosed(listener: () => void): void }) {
      onClosed(() => closed.push('closed'))
      return new Response('answer')
    },
  } as unknown as Api
  const door = createDoor({
    hosts: new Set([host]),
    publicUrl: null,
    trustedProxy: false,
    tls: false,
    dev: false,
    supabaseUrl: null,
    files: new StaticFiles('/nowhere'),
    basemaps: new StaticFiles('/nowhere'),
    api: () => api,
    config: async () => ({}) as AppConfig,
    isReady: () => true,
    queue,
    published: new PublishedDocument(),
    ...changed,
  })
  const outgoing = Object.assign(new EventEmitter(), {
    closed: false,
    destroyed: false,
    destroy: vi.fn(),
    setTimeout: vi.fn<(ms: number, late: () => void) => void>(),
  })
  const incoming = { httpVersion: '1.1', socket: { remoteAddress: '127.0.0.1' } }
  const get = (path: string, headers: Record<string, string> = {}) =>
    door.fetch(new Request(`http://${host}${path}`, { headers: { host, ...headers } }), {
      incoming: incoming as IncomingMessage,
      outgoing: outgoing as unknown as ServerResponse,
    } as never)
  return { get, outgoing, queue, closed }
}

test('another name, another origin and another site are refused', async () => {
  const { get } = doorWith()
  expect((await get('/healthz')).status).toBe(200)
  expect((await get('/healthz', { host: 'evil.example' })).status).toBe(421)
  expect((await get('/healthz', { origin: `http://${host}` })).status).toBe(200)
  expect((await get('/healthz', { origin: 'https://evil.example' })).status).toBe(403)
  expect((await get('/healthz', { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  expect((await get('/healthz', link)).status).toBe(200)
})

test('a name that a proxy gives counts only where it is trusted', async () => {
  const forwarded = { host: 'evil.example', 'x-forwarded-host': host }
  expect((await doorWith().get('/healthz', forwarded)).status).toBe(421)
  expect((await doorWith({ trustedProxy: true }).get('/healthz', forwarded)).status).toBe(200)
})

test('a proxy that nobody named is said once', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined)
  const { get } = doorWith()
  await get('/healthz')
  expect(warn).not.toHaveBeenCalled()
  for (let n = 0; n < 2; n++) await get('/healthz', { 'x-forwarded-for': '1.1.1.1' })
  expect(warn.mock.calls).toEqual([[expect.stringContaining('TRUSTED_PROXY is not set')]])
  warn.mockClear()
  await doorWith({ trustedProxy: true }).get('/healthz', { 'x-forwarded-for': '1.1.1.1' })
  expect(warn).not.toHaveBeenCalled()
  warn.mockRestore()
})

test('no cache keeps the configuration, and every answer carries the policy', async () => {
  const { headers } = await doorWith().get('/config.json')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('content-security-policy')).toContain("script-src 'self';")
  const allowed = headers.get('permissions-policy')?.split(', ')
  expect(allowed).toEqual(expect.arrayContaining(['camera=(self)', 'microphone=()']))
})

test('public figures need no session, are kept by their tag, and are few for an address', async () => {
  const published = new PublishedDocument()
  const { get } = doorWith({ published, api: () => null })
  expect((await get('/figures.json')).status).toBe(204)
  published.set('{"version":1}')
  const answer = await get('/figures.json')
  expect([answer.status, await answer.text()]).toEqual([200, '{"version":1}'])
  const tag = answer.headers.get('etag')!
  expect((await get('/figures.json', { 'if-none-match': tag })).status).toBe(304)
  published.set('{"version":1,"city":"N"}')
  expect((await get('/figures.json', { 'if-none-match': tag })).status).toBe(200)
  published.set(null)
  expect((await get('/figures.json')).status).toBe(204)
  const answers = await Promise.all(Array.from({ length: 40 }, () => get('/figures.json')))
  const refused = answers.find(({ status }) => status === 429)
  expect(refused?.headers.get('retry-after')).toBeTruthy()
})

test('readiness says no while a call has waited for long', async () => {
  let nowMs = 0
  const options = { maxUnderWay: 1, maxPerPerson: 1, maxWaitingPerPerson: 9, maxWaitMs: 1e9 }
  const queue = new FairQueue({ ...options, now: () => nowMs })
  const { get } = doorWith({ queue })
  const end = Promise.withResolvers<void>()
  const calls = [queue.run('one', () => end.promise), queue.run('two', () => end.promise)]
  nowMs = 15_000
  expect((await get('/readyz')).status).toBe(200)
  nowMs = 15_100
  const busy = await get('/readyz')
  expect([busy.status, await busy.json()]).toEqual([
    503,
    { ready: false, isBusy: true, underWay: 1, waiting: 1, longestWaitSeconds: 15.1 },
  ])
  end.resolve()
  await Promise.all(calls)
  expect((await get('/readyz')).status).toBe(200)
})

test.each([
  ['/rest/v1/rpc/x', 30_000],
  ['/auth/v1/user', 30_000],
  ['/storage/v1/object/photos/x', 120_000],
])('an answer of %s that nobody takes for %i ms ends its connection', async (path, ms) => {
  const { get, outgoing } = doorWith()
  expect((await get(path)).status).toBe(200)
  expect(outgoing.setTimeout.mock.calls.map(([patience]) => patience)).toEqual([ms])
  expect(outgoing.destroy).not.toHaveBeenCalled()
  outgoing.setTimeout.mock.calls[0]![1]()
  expect(outgoing.destroy).toHaveBeenCalledOnce()
})

test('an answer counts as closed once its connection is, before or after it began', async () => {
  const { get, outgoing, closed } = doorWith()
  await get('/rest/v1/rpc/x')
  expect(closed).toEqual([])
  outgoing.emit('close')
  expect(closed).toEqual(['closed'])
  const gone = doorWith()
  gone.outgoing.destroyed = true
  await gone.get('/rest/v1/rpc/x')
  expect(gone.closed).toEqual(['closed'])
})
