import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { photoLimits } from '../../../src/domain/photo/photo-rules.ts'
import { exifSegment, jpegFile } from '../../../tests/fixtures/photo-files.ts'
import type { Database } from '../base/database-types.ts'
import type { Journal, JournalEntry } from '../journal/journal.ts'
import { FairQueue } from '../wire/fair-queue.ts'
import { PhotoApi } from './photo-api.ts'
import { PhotoStore } from './photo-store.ts'

const owner = '01a209e9-acec-75a9-b5c6-8f54bf08c4d7'
const other = '01a209e9-acec-75a9-b5c6-8f54bf08c4d8'
const reserve = 512 * 1024 * 1024
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
let seed = 0
const newJpeg = () => jpegFile({ seed: ++seed })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wangge-photo-limits-'))
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true, force: true })
})

/** The door of photos on a disk and a database of the test's own. */
function photosWith({ freeBytes = 1e12, usedBytes = 0, mayRead = false } = {}) {
  const store = new PhotoStore(folder)
  store.freeBytes = async () => freeBytes
  const steps: string[] = []
  const photos = new PhotoApi({
    store,
    database: () =>
      ({
        async query(sql: string) {
          if (sql.includes('record_photo_check')) steps.push('recorded')
          if (sql.includes('photos_to_read')) return [{ answers: [mayRead] }]
          return [{ used: usedBytes }]
        },
      }) as unknown as Database,
    queue: new FairQueue({
      maxUnderWay: 2,
      maxPerPerson: 1,
      maxWaitingPerPerson: 10,
      maxWaitMs: 1e9,
    }),
    journal: {
      async append({ user, photo }: JournalEntry) {
        steps.push(`journaled ${user} ${photo?.hash}`)
        return () => steps.push('settled')
      },
    } as unknown as Journal,
    quotaBytes: 1_000_000,
    onChange: () => steps.push('announced'),
  })
  const upload = async (
    bytes: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    {
      path = `${owner}/${bytes instanceof Uint8Array ? hashOf(bytes) : '0'.repeat(64)}.jpg`,
      user = owner,
      headers = {},
    }: { path?: string; user?: string; headers?: Record<string, string> } = {},
  ) => {
    const request = new Request('http://127.0.0.1/', {
      method: 'POST',
      body: bytes,
      headers: { 'content-type': 'image/jpeg', ...headers },
      duplex: 'half',
    } as RequestInit)
    const answer = await photos.upload(request, path, user)
    const { code } = (await answer.json().catch(() => ({}))) as { code?: string }
    return { status: answer.status, code, headers: answer.headers }
  }
  return { photos, upload, steps, store }
}

test('a photo is written, journaled, recorded and announced, in this order', async () => {
  const { upload, steps } = photosWith()
  const bytes = newJpeg()
  const { status, headers } = await upload(bytes)
  expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
  expect(steps).toEqual([`journaled ${owner} ${hashOf(bytes)}`, 'recorded', 'settled', 'announced'])
  expect(statSync(join(folder, owner, `${hashOf(bytes)}.jpg`)).mode & 0o777).toBe(0o600)
})

test('photos leave half a gigabyte of the disk free', async () => {
  const bytes = newJpeg()
  const tight = photosWith({ freeBytes: reserve + bytes.length - 1 })
  expect(await tight.upload(bytes)).toMatchObject({ status: 507, code: 'photo_no_room' })
  expect([await tight.store.size({ owner, hash: hashOf(bytes), mediaType: 'image/jpeg' })]).toEqual(
    [null],
  )
  expect(tight.steps).toEqual([])
  expect((await photosWith({ freeBytes: reserve + bytes.length }).upload(bytes)).status).toBe(200)
})

test('a person’s photos end at the quota', async () => {
  const bytes = newJpeg()
  const full = photosWith({ usedBytes: 1_000_001 - bytes.length })
  expect(await full.upload(bytes)).toMatchObject({ status: 507, code: 'photo_no_room' })
  const last = photosWith({ usedBytes: 1_000_000 - bytes.length })
  expect((await last.upload(bytes)).status).toBe(200)
})

test('uploads of a person are counted, whatever comes with them', async () => {
  const { upload } = photosWith()
  const nothing = new Uint8Array(0)
  const statuses: number[] = []
  for (let n = 0; n < 650; n++) statuses.push((await upload(nothing)).status)
  expect(statuses.indexOf(429)).toBeGreaterThanOrEqual(600)
  const limited = await upload(nothing)
  expect(limited.status).toBe(429)
  expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
  const elsewhere = { user: other, path: `${other}/${hashOf(nothing)}.jpg` }
  expect((await upload(nothing, elsewhere)).status).toBe(415)
})

test('an upload of which nothing arrives for two minutes is given up', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const { upload } = photosWith()
  let isDone = false
  const done = upload(new ReadableStream()).finally(() => (isDone = true))
  await vi.advanceTimersByTimeAsync(119_000)
  expect(isDone).toBe(false)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(isDone).toBe(true)
  expect(await done).toMatchObject({ status: 408, code: 'photo_too_slow' })
})

test('what is not the photo of its name is refused, and nothing of it is kept', async () => {
  const { upload, steps } = photosWith()
  const bytes = newJpeg()
  const withPlace = jpegFile({ seed: 1, extra: [exifSegment()] })
  const cut = { headers: { 'content-length': String(bytes.length + 1) } }
  const typed = { headers: { 'content-type': 'image/webp' } }
  for (const [answer, code] of [
    [upload(bytes, { path: `${other}/${hashOf(bytes)}.jpg` }), 'photo_not_yours'],
    [upload(bytes, cut), 'photo_incomplete'],
    [upload(bytes, typed), 'photo_wrong_type'],
    [upload(withPlace), 'photo_has_metadata'],
    [upload(new Uint8Array(photoLimits.bytes + 1)), 'photo_too_large'],
  ] as const)
    expect((await answer).code).toBe(code)
  expect(steps).toEqual([])
})

test('a photo is given to who may read it, for its own device alone, and can do nothing', async () => {
  const bytes = newJpeg()
  const path = `${owner}/${hashOf(bytes)}.jpg`
  await photosWith().upload(bytes)
  const read = (mayRead: boolean) =>
    photosWith({ mayRead }).photos.read(new Request('http://127.0.0.1/'), path, other)
  expect((await read(false)).status).toBe(404)
  const { status, headers } = await read(true)
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
})
