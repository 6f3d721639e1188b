import { beforeEach, describe, expect, it } from 'vitest'
import { FakeBackend, memoryStorage } from '../../tests/fixtures/fake-backend.ts'
import type { AppConfig } from '@/domain/city/config.ts'
import { createBackend, type Backend } from './client.ts'
import { AppError } from './errors.ts'
import { photosRepo } from './photos.repo.ts'

const hash = 'ab'.repeat(32)
const owner = '11111111-1111-4111-8111-111111111111'
const path = `photos/${owner}/${hash}.jpg`
const photo = {
  hash,
  mediaType: 'image/jpeg' as const,
  bytes: new Uint8Array([1, 2, 3]).buffer,
  mayBeThere: false,
}
const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status })
const failure = (promise: Promise<unknown>): Promise<AppError> =>
  promise.then(
    () => expect.unreachable('it should fail'),
    (error: unknown) => error as AppError,
  )

let backend: Backend
let storage: Storage
let asked: string[]
let stored: number | null
let answer: (() => Response) | null
let checked: () => Response
beforeEach(async () => {
  const server = new FakeBackend()
  storage = memoryStorage()
  asked = []
  stored = null
  answer = null
  checked = () => json({ ok: true })
  backend = createBackend(server.config() as unknown as AppConfig, {
    origin: 'http://test',
    storage,
    fetch: async (input, init) => {
      const url = new URL(String(input), 'http://test')
      if (url.pathname === '/functions/v1/check-photo') {
        asked.push(`check ${(JSON.parse(String(init?.body)) as { path: string }).path}`)
        return checked()
      }
      if (!url.pathname.startsWith('/storage/')) return server.fetch(input, init)
      const name = url.pathname.replace('/storage/v1/object/', '')
      asked.push(`${init?.method ?? 'GET'} ${name}`)
      expect(new Headers(init?.headers).get('authorization')).toBe('Bearer access-1')
      if (name.startsWith('info/'))
        return stored === null
          ? json({ statusCode: '404', error: 'NoSuchKey', message: 'gone', code: 'NoSuchKey' }, 404)
          : json({ size: stored })
      if (answer) return answer()
      if (init?.method !== 'POST') return new Response(photo.bytes)
      stored = (init.body as ArrayBuffer).byteLength
      return json({ Id: 'x', Key: path })
    },
  })
  await backend.supabase.auth.signInWithPassword({ email: 'a@b', password: 'right' })
})
const upload = (more = {}) => photosRepo(backend).upload(owner, { ...photo, ...more })

describe('a session that ran out without a network', () => {
  it('is told at once, not when the upload runs out of time', async () => {
    const kept = JSON.parse(storage.getItem('wangge-auth-instance') ?? 'null') as object
    storage.setItem('wangge-auth-instance', JSON.stringify({ ...kept, expires_at: 1 }))
    const cut = createBackend(new FakeBackend().config() as unknown as AppConfig, {
      origin: 'http://test',
      storage,
      fetch: () => Promise.reject(new TypeError('Failed to fetch')),
    })
    const { kind } = await failure(photosRepo(cut).upload(owner, photo))
    expect(kind).toBe('offline')
    cut.keptSession.remove()
  })
})

describe('uploading a photo', () => {
  it('sends the bytes under their name, then asks whether all of them are there', async () => {
    await upload()
    expect(asked).toEqual([`POST ${path}`, `GET info/authenticated/${path}`])
  })

  it('sends nothing again that an earlier try brought there', async () => {
    stored = 3
    await upload({ mayBeThere: true })
    expect(asked).toEqual([`GET info/authenticated/${path}`])
  })

  it('sends all of it where only a part is there', async () => {
    stored = 2
    await upload({ mayBeThere: true })
    expect(asked).toHaveLength(3)
  })

  it('fails when less than all of it arrived', async () => {
    answer = () => ((stored = 2), json({ Key: path }))
    expect((await failure(upload())).kind).toBe('server')
  })

  it('takes what was there already for success once it is whole', async () => {
    stored = 3
    answer = () => json({ statusCode: '409', error: 'Duplicate', message: 'exists' }, 400)
    await upload()
  })

  it.each<[string, () => Response, Partial<AppError>]>([
    ['a portal’s page', () => new Response('<html>Log in</html>'), { kind: 'offline' }],
    ['a portal’s refusal', () => new Response('<html>', { status: 403 }), { kind: 'offline' }],
    ['a cut body', () => new Response('{"Key": "pho'), { kind: 'offline' }],
    ['another key', () => json({ Key: 'photos/other' }), { kind: 'offline' }],
    [
      'a refusal for good',
      () => json({ statusCode: '422', code: 'photo_has_metadata', message: 'EXIF' }, 422),
      { kind: 'invalid', code: 'photo_has_metadata' },
    ],
    [
      'somebody else’s session',
      () => json({ statusCode: '403', code: 'photo_not_yours', message: 'no' }, 403),
      { kind: 'unauthorized' },
    ],
    [
      'a full server',
      () =>
        new Response(JSON.stringify({ message: 'wait' }), {
          status: 429,
          headers: { 'retry-after': '9' },
        }),
      { kind: 'rate-limited', retryAfterSeconds: 9 },
    ],
  ])('tells %s', async (_, made, expected) => {
    answer = made
    expect(await failure(upload())).toMatchObject(expected)
  })

  it('has it checked on a Supabase, also what was there already', async () => {
    backend.config.tier = 'supabase'
    await upload()
    expect(asked.at(-1)).toBe(`check ${owner}/${hash}.jpg`)
    checked = () => json({ ok: false, code: 'photo_has_metadata' }, 422)
    expect(await failure(upload({ mayBeThere: true }))).toMatchObject({
      kind: 'invalid',
      code: 'photo_has_metadata',
    })
    checked = () => new Response('<html>', { status: 200 })
    expect((await failure(upload({ mayBeThere: true }))).kind).toBe('offline')
  })

  it('goes nowhere without a session', async () => {
    await backend.supabase.auth.signOut({ scope: 'local' })
    expect((await failure(upload())).kind).toBe('unauthorized')
    expect(asked).toEqual([])
  })
})

describe('showing a photo', () => {
  it('loads it once', async () => {
    const address = { owner, hash, mediaType: 'image/jpeg' as const }
    const blob = await photosRepo(backend).load(address)
    expect([blob.type, blob.size]).toEqual(['image/jpeg', 3])
    expect(await photosRepo(backend).load(address)).toBe(blob)
    expect(asked).toEqual([`GET authenticated/${path}`])
  })
})
