import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createClient } from '@supabase/supabase-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { photoLimits, photoPath } from '../../../src/domain/photo/photo-rules.ts'
import {
  ascii,
  exifSegment,
  joined,
  jpegFile,
  jpegOfSize,
  webpFile,
} from '../../../tests/fixtures/photo-files.ts'
import { addPerson } from '../owner/people.ts'
import { startServer } from '../start/server.ts'
import type { RunningServer } from '../start/server.ts'
import {
  goodPassword,
  reportCommand,
  secretsOf,
  send,
  settingsIn,
  signToken,
} from '../testing/kit.ts'
import { folderWithSmallCity } from '../testing/small-city.ts'

const folder = await folderWithSmallCity('photos')
const photosIn = join(folder.path, 'data/photos')
let server: RunningServer
let ids: Record<'worker' | 'manager' | 'elsewhere' | 'nobody', string>
let seed = 0

const base = '/storage/v1/object'
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const jpegPath = (owner: string, bytes: Uint8Array) => `${owner}/${hashOf(bytes)}.jpg`
const newJpeg = () => jpegFile({ width: 320, height: 240, seed: ++seed })

function tokenOf(user: string, claims: object = {}): string {
  const exp = Math.floor(Date.now() / 1000) + 300
  return signToken(
    { sub: user, role: 'authenticated', exp, ...claims },
    secretsOf(folder.path).jwtSecret,
  )
}

function headersOf(user: string, claims: object = {}): Record<string, string> {
  const apikey = secretsOf(folder.path).publishableKey
  return { apikey, authorization: `Bearer ${tokenOf(user, claims)}` }
}

function upload(
  bytes: Uint8Array,
  {
    user = ids.worker,
    path = jpegPath(user, bytes),
    type = 'image/jpeg',
    headers = headersOf(user),
  } = {},
) {
  return send(server.port, 'POST', `${base}/photos/${path}`, {
    headers: { ...headers, 'content-type': type, 'content-length': String(bytes.length) },
    body: bytes,
  })
}

const read = (user: string, path: string, headers: Record<string, string> = {}) =>
  send(server.port, 'GET', `${base}/authenticated/photos/${path}`, {
    headers: { ...headersOf(user), ...headers },
  })

async function report(user: string, photos: Uint8Array[], lon = 112.95) {
  const refs = photos.map((bytes) => ({
    hash: hashOf(bytes),
    mediaType: 'image/jpeg',
    bytes: bytes.length,
    width: 320,
    height: 240,
  }))
  const command = reportCommand(user)
  const payload = { ...(JSON.parse(command.payload) as object), lon, lat: 28, photos: refs }
  const { text } = await send(server.port, 'POST', '/rest/v1/rpc/apply_commands', {
    headers: { ...headersOf(user), 'content-type': 'application/json' },
    body: JSON.stringify({ p_commands: [{ ...command, payload: JSON.stringify(payload) }] }),
  })
  return (JSON.parse(text) as { outcome: string; missing_photos: string[] }[])[0]!
}

function client(user: string) {
  const { publishableKey } = secretsOf(folder.path)
  return createClient(`http://127.0.0.1:${server.port}`, publishableKey, {
    accessToken: async () => tokenOf(user),
  }).storage.from('photos')
}

beforeAll(async () => {
  // a photo may have 5 MB
  server = await startServer(settingsIn(folder.path, { PHOTO_QUOTA_MB: '6' }))
  const db = server.database()
  for (const [code, west, east] of [
    ['W', 112.9, 113],
    ['E', 113, 113.1],
  ] as const) {
    await db.query(
      `insert into public.areas (code, parent_code, path, level, name, geom)
       values ($1, 'CITY', 'CITY/' || $1 || '/', 'grid', $1,
         extensions.st_multi(extensions.st_makeenvelope($2, 27.9, $3, 28.1, 4326)))`,
      [code, west, east],
    )
  }
  const person = (email: string, role?: 'field_staff' | 'grid_manager', areaCode = 'W') =>
    addPerson(
      db,
      { email: `${email}@city.example`, displayName: email, password: goodPassword },
      role && { role, areaCode },
    )
  ids = {
    worker: await person('worker', 'field_staff'),
    manager: await person('manager', 'grid_manager'),
    elsewhere: await person('elsewhere', 'grid_manager', 'E'),
    nobody: await person('nobody'),
  }
})
afterAll(async () => {
  await server?.close()
  folder.remove()
})

describe('with supabase-js', () => {
  test('a photo goes up, is there, comes down the same; once more is the same success', async () => {
    for (const [bytes, mediaType] of [
      [newJpeg(), 'image/jpeg'],
      [webpFile({ width: 640, height: 480, seed: 9 }), 'image/webp'],
    ] as const) {
      const path = photoPath({ owner: ids.worker, hash: hashOf(bytes), mediaType })
      const bucket = client(ids.worker)
      for (let i = 0; i < 2; i++) {
        const { data, error } = await bucket.upload(path, bytes.buffer, { contentType: mediaType })
        expect(error).toBeNull()
        expect(data).toMatchObject({ path, fullPath: `photos/${path}` })
      }
      const { data: blob, error } = await bucket.download(path)
      expect(error).toBeNull()
      expect(blob?.type).toBe(mediaType)
      expect(new Uint8Array(await blob!.arrayBuffer())).toEqual(bytes)
      expect((await bucket.info(path)).data).toMatchObject({
        size: bytes.length,
        contentType: mediaType,
      })
      expect((await bucket.exists(path)).data).toBe(true)
      expect(new Uint8Array(readFileSync(join(photosIn, path)))).toEqual(bytes)
    }
    const rows = await server.database().query(
      `select media_type, width, height, verdict from public.photo_checks
        where owner = $1::uuid order by media_type`,
      [ids.worker],
    )
    expect(rows).toEqual([
      { media_type: 'image/jpeg', width: 320, height: 240, verdict: 'ok' },
      { media_type: 'image/webp', width: 640, height: 480, verdict: 'ok' },
    ])
  })

  test('a refusal arrives with its code, what is not there as not found', async () => {
    const bytes = jpegFile({ extra: [exifSegment()] })
    const bucket = client(ids.worker)
    const { error } = await bucket.upload(jpegPath(ids.worker, bytes), bytes.buffer, {
      contentType: 'image/jpeg',
    })
    expect(error).toMatchObject({ status: 422, code: 'photo_has_metadata' })
    const path = jpegPath(ids.worker, bytes)
    expect((await bucket.download(path)).error).toMatchObject({ status: 404 })
    expect((await bucket.exists(path)).data).toBe(false)
  })
})

describe('an upload is refused, and nothing of it is kept', () => {
  const svg = Uint8Array.from(ascii('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'))
  const html = Uint8Array.from(ascii('<!doctype html><script>alert(1)</script>'))
  test.each<[string, Uint8Array, number, string]>([
    ['an SVG named .jpg', svg, 415, 'photo_not_an_image'],
    ['a page named .jpg', html, 415, 'photo_not_an_image'],
    ['a page behind a picture', joined([newJpeg(), html]), 422, 'photo_has_metadata'],
    ['EXIF left inside', jpegFile({ seed: 1, extra: [exifSegment()] }), 422, 'photo_has_metadata'],
    ['2049 pixels', jpegFile({ width: 2049 }), 422, 'photo_too_big_sides'],
    ['5 MB and a byte', jpegOfSize(photoLimits.bytes + 1), 413, 'photo_too_large'],
    ['a WebP named .jpg', webpFile({ seed: 3 }), 415, 'photo_wrong_type'],
    ['half a picture', newJpeg().subarray(0, 90), 415, 'photo_not_an_image'],
    ['nothing', new Uint8Array(0), 415, 'photo_not_an_image'],
  ])('%s', async (_, bytes, status, code) => {
    const before = everyFile()
    const answer = await upload(bytes)
    expect(answer.status).toBe(status)
    expect(answer.json).toMatchObject({ code, statusCode: String(status) })
    expect(everyFile()).toEqual(before)
    expect((await read(ids.worker, jpegPath(ids.worker, bytes))).status).toBe(404)
  })

  test('another name, type, prefix, bucket or path than its own', async () => {
    const bytes = newJpeg()
    const hash = hashOf(bytes)
    const own = `${ids.worker}/${hash}.jpg`
    const before = everyFile()
    const cases: [Parameters<typeof upload>[1], number, string][] = [
      [{ path: `${ids.worker}/${'0'.repeat(64)}.jpg` }, 400, 'photo_wrong_hash'],
      [{ path: `${ids.worker}/${hash}.webp` }, 415, 'photo_wrong_type'],
      [{ type: 'image/svg+xml' }, 415, 'photo_wrong_type'],
      [{ type: 'text/html' }, 415, 'photo_wrong_type'],
      [{ path: `${ids.manager}/${hash}.jpg` }, 403, 'photo_not_yours'],
      [{ path: `${ids.worker}/${hash}.svg` }, 404, 'NoSuchKey'],
      [{ path: `${ids.worker}/x/${hash}.jpg` }, 404, 'NoSuchKey'],
      [{ path: `${ids.worker}%2f..%2f..%2f${hash}.jpg` }, 404, 'NoSuchKey'],
      [{ path: `..%2f..%2fsecrets.json` }, 404, 'NoSuchKey'],
      [{ path: `${ids.worker}/${hash}.jpg%00.html` }, 404, 'NoSuchKey'],
    ]
    for (const [options, status, code] of cases) {
      const answer = await upload(bytes, options)
      expect([options, answer.status, answer.json.code]).toEqual([options, status, code])
    }
    for (const path of [
      `${base}/avatars/${own}`,
      `${base}/photos/../photos2/${own}`,
      `${base}/public/photos/${own}`,
      `${base}/sign/photos/${own}`,
      `${base}/upload/sign/photos/${own}`,
      `/storage/v1/bucket`,
      `${base}/move`,
    ]) {
      const headers = { ...headersOf(ids.worker), 'content-type': 'image/jpeg' }
      const { status } = await send(server.port, 'POST', path, { headers, body: bytes })
      expect([path, status]).toEqual([path, 404])
    }
    const list = { prefix: ids.worker, limit: 100, offset: 0 }
    const headers = { ...headersOf(ids.worker), 'content-type': 'application/json' }
    const body = JSON.stringify(list)
    expect((await send(server.port, 'POST', `${base}/list/photos`, { headers, body })).status).toBe(
      404,
    )
    expect((await send(server.port, 'DELETE', `${base}/photos/${own}`, { headers })).status).toBe(
      404,
    )
    expect(everyFile()).toEqual(before)
  })

  test('an upload that breaks off', async () => {
    const bytes = newJpeg()
    const before = everyFile()
    const head = [
      `POST ${base}/photos/${jpegPath(ids.worker, bytes)} HTTP/1.1`,
      `host: 127.0.0.1:${server.port}`,
      'content-type: image/jpeg',
      `content-length: ${bytes.length}`,
      'expect: 100-continue',
      ...Object.entries(headersOf(ids.worker)).map(([name, value]) => `${name}: ${value}`),
    ]
    const socket = connect(server.port, '127.0.0.1')
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toContain('100 Continue')
    await new Promise((resolve) => socket.write(bytes.subarray(0, 100), resolve))
    socket.destroy()
    await once(socket, 'close')
    // a whole upload after it takes the same way and more time
    const whole = newJpeg()
    expect((await upload(whole)).status).toBe(200)
    const known = [...before, ids.worker]
    const added = everyFile().filter((path) => !known.includes(path))
    expect(added).toEqual([expect.stringContaining(hashOf(whole))])
    expect((await send(server.port, 'GET', '/readyz')).status).toBe(200)
    expect((await upload(bytes)).status).toBe(200)
  })

  test('no session, an expired one, a foreign one, the secret key', async () => {
    const bytes = newJpeg()
    const { publishableKey, secretKey, jwtSecret } = secretsOf(folder.path)
    const exp = Math.floor(Date.now() / 1000) + 300
    const service = signToken({ sub: ids.worker, role: 'service_role', exp }, jwtSecret)
    const refused: Record<string, string>[] = [
      { apikey: publishableKey },
      headersOf(ids.worker, { exp: 1 }),
      headersOf(ids.worker, { role: 'postgres' }),
      { apikey: publishableKey, authorization: `Bearer ${service}` },
      {
        apikey: publishableKey,
        authorization: `Bearer ${signToken({ sub: ids.worker, role: 'authenticated', exp }, 'x')}`,
      },
      { apikey: secretKey, authorization: `Bearer ${tokenOf(ids.worker)}` },
      { apikey: publishableKey, authorization: `Bearer ${secretKey}` },
      { authorization: `Bearer ${tokenOf(ids.worker)}` },
    ]
    for (const headers of refused) {
      expect((await upload(bytes, { headers })).status).toBe(401)
      const path = `${base}/authenticated/photos/${jpegPath(ids.worker, bytes)}`
      expect((await send(server.port, 'GET', path, { headers })).status).toBe(401)
    }
  })
})

describe('who may read', () => {
  test('a photo of an incident: who sees the incident; anybody else is told what a missing one tells', async () => {
    const bytes = newJpeg()
    const path = jpegPath(ids.worker, bytes)
    expect(await report(ids.worker, [bytes])).toMatchObject({
      outcome: 'applied',
      missing_photos: [hashOf(bytes)],
    })
    expect((await read(ids.manager, path)).status).toBe(404)
    expect((await upload(bytes)).status).toBe(200)

    const seen = await read(ids.manager, path)
    expect(seen.status).toBe(200)
    expect(seen.headers).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': String(bytes.length),
      'cache-control': 'private, max-age=31536000, immutable',
      'content-disposition': 'inline',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    })
    const etag = String(seen.headers.etag)
    expect((await read(ids.manager, path, { 'if-none-match': etag })).status).toBe(304)

    const missing = await read(ids.elsewhere, `${ids.worker}/${'0'.repeat(64)}.jpg`)
    for (const stranger of [ids.elsewhere, ids.nobody]) {
      for (const conditions of [undefined, { 'if-none-match': etag }]) {
        const answer = await read(stranger, path, conditions)
        expect([answer.status, answer.text]).toEqual([404, missing.text])
        expect(stable(answer.headers)).toEqual(stable(missing.headers))
      }
      const headers = headersOf(stranger)
      for (const [method, url] of [
        ['GET', `${base}/info/authenticated/photos/${path}`],
        ['HEAD', `${base}/photos/${path}`],
      ] as const) {
        expect((await send(server.port, method, url, { headers })).status).toBe(404)
      }
    }
  })

  test('a photo that belongs to no incident: its uploader alone', async () => {
    const bytes = newJpeg()
    await upload(bytes)
    expect((await read(ids.worker, jpegPath(ids.worker, bytes))).status).toBe(200)
    expect((await read(ids.manager, jpegPath(ids.worker, bytes))).status).toBe(404)
  })

  test('a file nobody checked is invisible to others, though its incident is seen', async () => {
    const bytes = newJpeg()
    const path = jpegPath(ids.worker, bytes)
    await report(ids.worker, [bytes])
    writeFileSync(join(photosIn, path), bytes)
    expect((await read(ids.manager, path)).status).toBe(404)
    await upload(bytes)
    expect((await read(ids.manager, path)).status).toBe(200)
  })

  test('many at once: each gets its own answer, asked together', async () => {
    const files = Array.from({ length: 20 }, newJpeg)
    for (const bytes of files) await upload(bytes)
    const seen = files.filter((_, n) => n % 2 === 0)
    await report(ids.worker, seen)
    const answers = await Promise.all(
      files.flatMap((bytes) =>
        [ids.manager, ids.elsewhere, ids.worker].map(async (user) => {
          const { status } = await read(user, jpegPath(ids.worker, bytes))
          return [user, seen.includes(bytes), status]
        }),
      ),
    )
    for (const [user, isSeen, status] of answers) {
      const may = user === ids.worker || (user === ids.manager && isSeen)
      expect([user, isSeen, status]).toEqual([user, isSeen, may ? 200 : 404])
    }
    // One question and many get the same answers.
    const asked = [ids.manager, ids.elsewhere, ids.nobody]
    for (const user of asked) {
      const [row] = await server.database().query<{ one: boolean[]; many: boolean[] }>(
        `with caller as materialized (select set_config('request.jwt.claim.sub', $1, true) as sub,
           set_config('request.jwt.claims', json_build_object('sub', $1::text)::text, true) as claims)
         select (select array_agg(private.photo_to_read(o::uuid, h, 'image/jpeg') order by n)
                   from unnest($2::text[], $3::text[]) with ordinality as a (o, h, n)) as one,
                private.photos_to_read($2::text[]::uuid[], $3::text[],
                  array_fill('image/jpeg'::text, array[cardinality($3::text[])])) as many
           from caller where sub is not null and claims is not null`,
        [user, files.map(() => ids.worker), files.map(hashOf)],
      )
      expect(row?.many).toEqual(row?.one)
      expect(row?.many).toHaveLength(files.length)
    }
  })

  test('naming another’s photo in a report opens nothing', async () => {
    const bytes = newJpeg()
    await upload(bytes)
    const path = jpegPath(ids.worker, bytes)
    expect(await report(ids.elsewhere, [bytes], 113.05)).toMatchObject({
      missing_photos: [hashOf(bytes)],
    })
    expect((await read(ids.elsewhere, path)).status).toBe(404)
  })
})

test('a damaged file is written again by the next upload', async () => {
  const bytes = newJpeg()
  const path = jpegPath(ids.worker, bytes)
  await upload(bytes)
  writeFileSync(join(photosIn, path), bytes.subarray(0, 50))
  expect((await upload(bytes)).status).toBe(200)
  expect(new Uint8Array(readFileSync(join(photosIn, path)))).toEqual(bytes)
})

test('many at once: every answered upload is there', async () => {
  const files = Array.from({ length: 10 }, newJpeg)
  const answers = await Promise.all([...files, ...files].map((bytes) => upload(bytes)))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  for (const bytes of files)
    expect(existsSync(join(photosIn, jpegPath(ids.worker, bytes)))).toBe(true)
  expect(readdirSync(join(photosIn, '.incoming'))).toEqual([])
})

test('a full quota is said as such, and what is there can still be confirmed', async () => {
  const user = randomUUID()
  const post = (bytes: Uint8Array) => upload(bytes, { user })
  const first = jpegOfSize(4_900_000)
  expect((await post(first)).status).toBe(200)
  const answer = await post(jpegOfSize(2_000_000))
  expect([answer.status, answer.json.code]).toEqual([507, 'photo_no_room'])
  expect((await post(first)).status).toBe(200)
})

function everyFile(): string[] {
  return readdirSync(photosIn, { recursive: true, encoding: 'utf8' }).sort()
}

function stable({ date: _, ...headers }: Record<string, unknown>): Record<string, unknown> {
  return headers
}
