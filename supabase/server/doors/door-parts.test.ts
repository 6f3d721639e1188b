import { createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Database } from '../base/database-types.ts'
import { allowedHosts, clientAddress, isExposed, isNear, isViaProxy } from '../wire/addresses.ts'
import { isTooDeep } from '../wire/body.ts'
import { encodingFor } from '../wire/compress.ts'
import { EndedSessions } from './ended-sessions.ts'
import { RateLimit } from '../wire/rate-limit.ts'
import { SignInLimit } from './sign-in-limit.ts'
import { StaticFiles } from './static-files.ts'
import { callerOf, TokenReader } from '../wire/token.ts'

const secret = 'a secret of this test'
const sub = '01a209e9-acec-75a9-b5c6-8f54bf08c4d7'
const in5Minutes = Math.floor(Date.now() / 1000) + 300

function sign(payload: object, { key = secret, alg = 'HS256' } = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg, typ: 'JWT' })}.${part(payload)}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

describe('isTooDeep', () => {
  test.each([
    ['64 levels', '['.repeat(64) + ']'.repeat(64), false],
    ['65 levels', '['.repeat(65) + ']'.repeat(65), true],
    ['objects too', '{"a":'.repeat(65) + '1' + '}'.repeat(65), true],
    ['siblings', `[${'[],'.repeat(500)}[]]`, false],
    ['brackets in a string', `["${'['.repeat(500)}"]`, false],
    ['after an escaped quote', `["\\"", ${'['.repeat(65)}`, true],
    ['inside after an escaped quote', `["\\"${'['.repeat(65)}"]`, false],
  ])('%s', (_, text, expected) => {
    expect(isTooDeep(text)).toBe(expected)
  })
})

describe('callerOf', () => {
  const sessionId = '01a209e9-acec-75a9-b5c6-8f54bf08c4d9'
  const email = 'a@b.example'
  const good = { sub, session_id: sessionId, role: 'authenticated', exp: in5Minutes, email }

  test('believes a token of ours', async () => {
    expect(await callerOf(sign(good), secret)).toEqual({ userId: sub, email, sessionId })
  })

  test.each([
    ['another secret', sign(good, { key: 'other' })],
    ['role postgres', sign({ ...good, role: 'postgres' })],
    ['role service_role', sign({ ...good, role: 'service_role' })],
    ['role anon', sign({ ...good, role: 'anon' })],
    ['no role', sign({ ...good, role: undefined })],
    ['expired', sign({ ...good, exp: in5Minutes - 600 })],
    ['no expiry', sign({ ...good, exp: undefined })],
    ['not yet valid', sign({ ...good, nbf: in5Minutes })],
    ['alg none', `${sign(good, { alg: 'none' }).split('.').slice(0, 2).join('.')}.`],
    ['alg named none but signed', sign(good, { alg: 'none' })],
    ['no user', sign({ ...good, sub: undefined })],
    ['a user that is no uuid', sign({ ...good, sub: "x'; --" })],
    ['no session', sign({ ...good, session_id: undefined })],
    ['a session that is no uuid', sign({ ...good, session_id: '1' })],
    ['a fourth part', `${sign(good)}.x`],
    ['an api key', 'sb_publishable_abc'],
    ['nothing', ''],
    [
      'a changed payload',
      sign(good).replace(/\.[^.]+\./, `.${Buffer.from('{}').toString('base64url')}.`),
    ],
  ])('refuses %s', async (_name, token) => {
    expect(await callerOf(token, secret)).toBeNull()
  })
})

describe('TokenReader', () => {
  const sessionId = '01a209e9-acec-75a9-b5c6-8f54bf08c4d9'
  const good = { sub, session_id: sessionId, role: 'authenticated', exp: in5Minutes }
  afterEach(() => vi.useRealTimers())

  test('checks a token once, and refuses it from its expiry on', async () => {
    const reader = new TokenReader(secret)
    const token = sign(good)
    const caller = await reader.callerOf(token)
    expect(caller?.userId).toBe(sub)
    expect(await reader.callerOf(token)).toBe(caller)
    vi.useFakeTimers({ now: in5Minutes * 1000 - 1, toFake: ['Date'] })
    expect(await reader.callerOf(token)).toBe(caller)
    vi.setSystemTime(in5Minutes * 1000)
    expect(await reader.callerOf(token)).toBeNull()
  })

  test('remembers no token that it refused, and none for another', async () => {
    const reader = new TokenReader(secret)
    const forged = sign(good, { key: 'other' })
    await reader.callerOf(sign(good))
    expect([await reader.callerOf(forged), await reader.callerOf(forged)]).toEqual([null, null])
  })
})

describe('RateLimit', () => {
  test('lets a burst through, then one per period, and names the wait', () => {
    let now = 0
    const limit = new RateLimit(3, 0.1, () => now)
    expect([1, 2, 3].map(() => limit.take('a'))).toEqual([0, 0, 0])
    expect(limit.take('a')).toBe(10)
    expect(limit.take('b')).toBe(0)
    now = 10_000
    expect(limit.take('a')).toBe(0)
    expect(limit.take('a')).toBe(10)
    limit.refund('a')
    expect(limit.take('a')).toBe(0)
    // a refund fills no bucket beyond its burst
    for (let i = 0; i < 9; i++) limit.refund('b')
    expect([1, 2, 3, 4].map(() => limit.take('b') === 0)).toEqual([true, true, true, false])
  })

  test('takes several at once, or none of them', () => {
    let now = 0
    const limit = new RateLimit(100, 10, () => now)
    expect(limit.take('a', 70)).toBe(0)
    expect(limit.take('a', 70)).toBe(4)
    expect(limit.take('a', 30)).toBe(0)
    now = 7_000
    expect(limit.take('a', 70)).toBe(0)
  })

  test('reads the clock that holds at each call: one that tests stopped earns nothing', () => {
    const limit = new RateLimit(1, 1)
    try {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
      expect([limit.take('a'), limit.take('a')]).toEqual([0, 1])
      vi.setSystemTime(Date.now() + 1_000)
      expect(limit.take('a')).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('stays bounded when every key is new', () => {
    const limit = new RateLimit(3, 0.1, () => 0)
    for (let i = 0; i < 30_000; i++) limit.take(`key ${i}`)
    expect(limit.size).toBeLessThanOrEqual(10_001)
  })
})

describe('SignInLimit', () => {
  const at = (address: string, sharesAddress = false) => ({
    address,
    viaProxy: sharesAddress,
    sharesAddress,
  })
  test('guessing at an account without end keeps only the guesser out', () => {
    let now = 0
    const limit = new SignInLimit(() => now)
    let looked = 0
    for (; now < 48 * 3600_000; now += 1_000)
      looked += limit.take('chief', at('6.6.6.6')) === 0 ? 1 : 0
    expect(looked).toBeLessThan(10 + 48 * 60 + 1)
    expect(limit.take('chief', at('10.0.0.1'))).toBe(0)
  })

  test('guesses from many addresses at one account are stopped too', () => {
    const limit = new SignInLimit(() => 0)
    const waits = Array.from({ length: 200 }, (_, i) => limit.take('chief', at(`6.6.6.${i}`)))
    expect(waits.filter((wait) => wait === 0)).toHaveLength(100)
    expect(limit.take('another', at('6.6.6.1'))).toBe(0)
  })

  test('an address has thirty wrong passwords, then one each half minute', () => {
    let now = 0
    const limit = new SignInLimit(() => now)
    const tries = () =>
      Array.from({ length: 60 }, (_, i) => limit.take(`account ${now} ${i}`, at('6.6.6.6'))).filter(
        (wait) => wait === 0,
      ).length
    expect(tries()).toBe(30)
    now = 60_000
    expect(tries()).toBe(2)
  })

  test('an account has ten wrong passwords from one address', () => {
    const limit = new SignInLimit(() => 0)
    const waits = Array.from({ length: 20 }, () => limit.take('chief', at('6.6.6.6')))
    expect(waits.filter((wait) => wait === 0)).toHaveLength(10)
    expect(limit.take('another', at('6.6.6.6'))).toBe(0)
  })

  test('who must wait takes nothing more from an account', () => {
    const limit = new SignInLimit(() => 0)
    for (let i = 0; i < 30; i++) limit.take(`guessed ${i}`, at('6.6.6.6'))
    for (let i = 0; i < 300; i++) limit.take('chief', at('6.6.6.6'))
    expect(limit.take('chief', at('10.0.0.1'))).toBe(0)
  })

  test('wrong passwords do not close the door for everybody behind an unnamed proxy', () => {
    const limit = new SignInLimit(() => 0)
    const behind = at('127.0.0.1', true)
    for (let i = 0; i < 60; i++) limit.take(`guessed ${i % 6}`, behind)
    expect(limit.take('chief', behind)).toBe(0)
    const tries = Array.from({ length: 2_000 }, (_, i) => limit.take(`account ${i}`, behind))
    expect(tries.filter((wait) => wait === 0).length).toBeLessThanOrEqual(600)
  })

  test('a right password costs nothing', () => {
    const limit = new SignInLimit(() => 0)
    for (let i = 0; i < 300; i++) {
      expect(limit.take('chief', at('10.0.0.1'))).toBe(0)
      limit.refund('chief', at('10.0.0.1'))
    }
  })
})

describe('EndedSessions', () => {
  const id = '01a209e9-acec-75a9-b5c6-8f54bf08c4d9'
  const another = sub

  test('an end noted by another process counts within seconds, read once for all', async () => {
    let now = 0
    let reads = 0
    let rows: unknown[] = []
    const query = async () => {
      reads += 1
      return rows
    }
    const ended = new EndedSessions(
      () => ({ query }) as unknown as Database,
      () => now,
    )
    expect(await ended.includes(id)).toBe(false)
    rows = [{ id }]
    now = 1_000
    expect(await ended.includes(id)).toBe(false)
    now = 2_001
    expect(await ended.includes(id)).toBe(true)
    expect(await ended.includes(id.toUpperCase())).toBe(true)
    expect(await ended.includes(another)).toBe(false)
    expect(reads).toBe(2)
  })

  test('an end of this server counts at once, also for a caller who waits for a read', async () => {
    let now = 0
    const answer = Promise.withResolvers<unknown[]>()
    const ended = new EndedSessions(
      () => ({ query: () => answer.promise }) as unknown as Database,
      () => now,
    )
    const waiting = ended.includes(id)
    ended.note([id])
    answer.resolve([])
    expect(await waiting).toBe(true)
    expect(await ended.includes(another)).toBe(false)
    // An hour later its last access token has expired.
    now = 3 * 3_600_000
    ended.note([another])
    expect(await ended.includes(id)).toBe(false)
    expect(await ended.includes(another)).toBe(true)
  })

  test('a database that does not answer lets nobody through, and is asked again', async () => {
    const replies = [() => Promise.reject(new Error('restarting')), async () => []]
    const query = () => replies.shift()!()
    const ended = new EndedSessions(
      () => ({ query }) as unknown as Database,
      () => 0,
    )
    await expect(ended.includes(id)).rejects.toThrow('restarting')
    expect(await ended.includes(id)).toBe(false)
  })
})

describe('addresses', () => {
  const local = { host: '127.0.0.1', publicUrl: null, trustedProxy: false, tls: null }

  test('a loopback server answers to loopback names with its port only', () => {
    const hosts = allowedHosts(local, 4173)
    expect([...hosts].sort()).toEqual(['127.0.0.1:4173', '[::1]:4173', 'localhost:4173'])
  })

  test('PUBLIC_URL adds its name', () => {
    const where = { ...local, publicUrl: 'https://wangge.example' }
    expect(allowedHosts(where, 4173).has('wangge.example')).toBe(true)
  })

  test('exposure is judged by binding and announcement, not by the peer', () => {
    expect(isExposed(local)).toBe(false)
    expect(isExposed({ ...local, host: '0.0.0.0' })).toBe(true)
    expect(isExposed({ ...local, host: '192.168.1.5' })).toBe(true)
    expect(isExposed({ ...local, trustedProxy: true })).toBe(true)
    expect(isExposed({ ...local, publicUrl: 'https://wangge.example' })).toBe(true)
    expect(isExposed({ ...local, publicUrl: 'http://localhost:4173' })).toBe(false)
  })

  test('X-Forwarded-For counts only behind a trusted proxy, and only its last entry', () => {
    expect(clientAddress('10.0.0.1', '1.1.1.1, 2.2.2.2', false)).toBe('10.0.0.1')
    expect(clientAddress('10.0.0.1', '1.1.1.1, 2.2.2.2', true)).toBe('2.2.2.2')
    expect(clientAddress('10.0.0.1', undefined, true)).toBe('10.0.0.1')
  })

  test('the addresses of one IPv6 host count as one', () => {
    expect(clientAddress('::ffff:10.0.0.1', undefined, false)).toBe('10.0.0.1')
    const [one, two, other] = ['2001:db8:1::7', '2001:db8:1:0:a:b:c:d', '2001:db8:1:1::7'].map(
      (peer) => clientAddress(peer, undefined, false),
    )
    expect(one).toBe('2001:db8:1:0')
    expect(two).toBe(one)
    expect(other).not.toBe(one)
    expect(clientAddress('::1', undefined, false)).toBe('0:0:0:0')
  })

  test('ports, brackets, quotes and zones of a forwarded address are cut off', () => {
    const forwarded = (text: string) => clientAddress('10.0.0.1', text, true)
    for (const text of [
      '2.2.2.2',
      '2.2.2.2:51423',
      '9.9.9.9, 2.2.2.2:1',
      '::ffff:2.2.2.2',
      '[::ffff:202:202]:8',
    ])
      expect(forwarded(text)).toBe('2.2.2.2')
    for (const text of [
      '2001:db8:1::7',
      '[2001:DB8:1::7]:443',
      '"[2001:0db8:0001:0::9]:1"',
      '2001:db8:1::7%eth0',
    ])
      expect(forwarded(text)).toBe('2001:db8:1:0')
  })

  test('one’s own proxies stand on this machine or in a private network', () => {
    for (const address of ['127.0.0.1', '::1', '10.1.2.3', '172.17.0.1', '192.168.1.1', 'fd00::1'])
      expect(isNear(address)).toBe(true)
    for (const address of ['8.8.8.8', '172.32.0.1', '2001:db8::1', undefined, 'no address'])
      expect(isNear(address)).toBe(false)
  })

  test('a proxy’s request is known by what it adds', () => {
    const via = (headers: Record<string, string>, version = '1.1') =>
      isViaProxy(new Headers(headers), version)
    expect(via({ host: 'localhost:4173', 'x-client-info': 'supabase-js' })).toBe(false)
    for (const name of ['X-Forwarded-For', 'X-Forwarded-Proto', 'Forwarded', 'Via']) {
      expect(via({ [name]: 'x' })).toBe(true)
    }
    expect(via({}, '1.0')).toBe(true)
  })
})

test('encodingFor takes what the client takes', () => {
  expect(encodingFor('gzip, deflate, br, zstd')).toBe('br')
  expect(encodingFor('gzip')).toBe('gzip')
  expect(encodingFor('br;q=0, gzip;q=0.5')).toBe('gzip')
  expect(encodingFor(undefined)).toBeNull()
})

describe('StaticFiles', () => {
  let folder: string
  let files: StaticFiles
  const script = 'export const x = 1\n'.repeat(500)

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wangge-files-'))
    mkdirSync(join(folder, 'dist/assets'), { recursive: true })
    writeFileSync(join(folder, 'secret.txt'), 'secret')
    writeFileSync(join(folder, 'dist/.sources'), 'hash')
    writeFileSync(join(folder, 'dist/index.html'), '<!doctype html>')
    writeFileSync(join(folder, 'dist/assets/app-1a2b.js'), script)
    writeFileSync(
      join(folder, 'dist/map.pmtiles'),
      Uint8Array.from({ length: 1000 }, (_, i) => i % 256),
    )
    files = new StaticFiles(join(folder, 'dist'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const get = (path: string, headers: Record<string, string> = {}) =>
    files.answer(path, new Headers(headers))

  test('hashed assets are compressed and cached for good', async () => {
    const response = await get('/assets/app-1a2b.js', { 'accept-encoding': 'br' })
    expect(response?.headers.get('content-encoding')).toBe('br')
    expect(response?.headers.get('cache-control')).toContain('immutable')
    const body = brotliDecompressSync(new Uint8Array(await response!.arrayBuffer()))
    expect(body.toString()).toBe(script)
  })

  test('what the build compressed is sent as it is', async () => {
    writeFileSync(join(folder, 'dist/assets/app-3c4d.js'), script)
    writeFileSync(join(folder, 'dist/assets/app-3c4d.js.br'), 'made ahead')
    const response = await get('/assets/app-3c4d.js', { 'accept-encoding': 'gzip, br' })
    expect(response?.headers.get('content-encoding')).toBe('br')
    expect(response?.headers.get('content-type')).toContain('javascript')
    expect(await response?.text()).toBe('made ahead')
    const plain = await get('/assets/app-3c4d.js')
    expect(await plain?.text()).toBe(script)
  })

  test('an unchanged file is 304', async () => {
    const first = await get('/index.html')
    expect(first?.headers.get('cache-control')).toBe('no-cache')
    const etag = first?.headers.get('etag') ?? ''
    expect((await get('/index.html', { 'if-none-match': etag }))?.status).toBe(304)
    expect((await get('/index.html', { 'if-none-match': '"other"' }))?.status).toBe(200)
  })

  test.each([
    ['bytes=0-9', 206, 'bytes 0-9/1000', 10],
    ['bytes=990-', 206, 'bytes 990-999/1000', 10],
    ['bytes=-5', 206, 'bytes 995-999/1000', 5],
    ['bytes=500-5000', 206, 'bytes 500-999/1000', 500],
    ['bytes=1000-', 416, 'bytes */1000', 0],
    ['bytes=9-1', 416, 'bytes */1000', 0],
    ['lines=1-2', 200, null, 1000],
  ])('range %s is %i', async (range, status, contentRange, length) => {
    const response = await get('/map.pmtiles', { range })
    expect(response?.status).toBe(status)
    expect(response?.headers.get('content-range')).toBe(contentRange)
    expect((await response!.arrayBuffer()).byteLength).toBe(length)
  })

  test.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/.sources',
    '/assets',
    '/%00',
    '/%',
  ])('%s is not served', async (path) => expect(await get(path)).toBeNull())
})
