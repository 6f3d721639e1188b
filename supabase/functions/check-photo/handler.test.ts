import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { exifSegment, jpegFile } from '../../../tests/fixtures/photo-files.ts'
import { secretKeyFrom, supabaseGateway } from './gateway.ts'
import { answerCheck } from './handler.ts'

const owner = '01a209e9-acec-75a9-b5c6-8f54bf08c4d7'
const secretKey = 'sb_secret_of_this_test'
const bytes = jpegFile({ width: 300, height: 200 })
const nameOf = (file: Uint8Array) => createHash('sha256').update(file).digest('hex')
const pathOf = (file: Uint8Array) => `${owner}/${nameOf(file)}.jpg`

/** A fake Supabase over two maps; refuses a wrong key. */
function fakeSupabase(objects: Record<string, Uint8Array>) {
  const checks: Record<string, unknown>[] = []
  const answers = { recorded: true as unknown }
  const fetch = async (input: string | URL | Request, init: RequestInit = {}) => {
    const request = new Request(input, init)
    const { pathname } = new URL(request.url)
    const authorization = request.headers.get('authorization')
    if (request.headers.get('apikey') !== secretKey) return new Response('{}', { status: 401 })
    if (pathname === '/auth/v1/user') {
      return authorization === 'Bearer good'
        ? Response.json({ id: owner })
        : new Response('{}', { status: 403 })
    }
    if (authorization !== `Bearer ${secretKey}`) return new Response('{}', { status: 401 })
    if (pathname === '/rest/v1/rpc/record_photo_check' && request.method === 'POST') {
      checks.push((await request.json()) as Record<string, unknown>)
      return Response.json(answers.recorded)
    }
    if (pathname === '/storage/v1/object/photos' && request.method === 'DELETE') {
      const { prefixes } = (await request.json()) as { prefixes: string[] }
      for (const path of prefixes) delete objects[path]
      return Response.json([])
    }
    const object = objects[pathname.replace('/storage/v1/object/authenticated/photos/', '')]
    return object ? new Response(new Uint8Array(object)) : new Response('{}', { status: 400 })
  }
  return {
    objects,
    checks,
    answers,
    gateway: supabaseGateway('https://project.example', secretKey, fetch),
  }
}

function ask(
  fake: ReturnType<typeof fakeSupabase>,
  body: unknown,
  token = 'good',
  method = 'POST',
) {
  const request = new Request('https://project.example/functions/v1/check-photo', {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
  })
  return answerCheck(request, fake.gateway)
}

describe('check-photo', () => {
  test('records a good photo and leaves it', async () => {
    const fake = fakeSupabase({ [pathOf(bytes)]: bytes })
    const response = await ask(fake, { path: pathOf(bytes) })
    expect([response.status, await response.json()]).toEqual([200, { ok: true }])
    expect(fake.checks).toEqual([
      {
        p_owner: owner,
        p_hash: nameOf(bytes),
        p_media_type: 'image/jpeg',
        p_bytes: bytes.length,
        p_width: 300,
        p_height: 200,
        p_verdict: 'ok',
        p_reason: null,
      },
    ])
    expect(Object.keys(fake.objects)).toHaveLength(1)
  })

  test('its parameters are the function’s', () => {
    const file = new URL('../../schemas/11_photos.sql', import.meta.url)
    const sql = readFileSync(fileURLToPath(file), 'utf8')
    const [, declared] = /function public\.record_photo_check\(([^)]*)\)/.exec(sql) ?? []
    expect(declared?.match(/p_\w+/g)).toEqual([
      ...['p_owner', 'p_hash', 'p_media_type', 'p_bytes'],
      ...['p_width', 'p_height', 'p_verdict', 'p_reason'],
    ])
  })

  test.each([
    ['EXIF left inside', jpegFile({ extra: [exifSegment()] }), null, 'photo_has_metadata'],
    ['a page', new TextEncoder().encode('<!doctype html>'), null, 'photo_not_an_image'],
    ['bytes damaged on their way', bytes.subarray(0, 99), pathOf(bytes), 'photo_wrong_hash'],
  ])('removes %s and says why', async (_, file, path, code) => {
    const at = path ?? pathOf(file)
    const fake = fakeSupabase({ [at]: file })
    const response = await ask(fake, { path: at })
    expect([response.status, await response.json()]).toEqual([422, { ok: false, code }])
    expect(fake.checks).toMatchObject([{ p_verdict: 'refused', p_reason: code, p_width: null }])
    expect(fake.objects).toEqual({})
  })

  test.each([
    ['a good photo while a refusal may still be carried out', bytes],
    ['damaged bytes seen before the good ones came', bytes.subarray(0, 99)],
  ])('leaves %s where it is, and asks to try again', async (_, file) => {
    const fake = fakeSupabase({ [pathOf(bytes)]: file })
    fake.answers.recorded = false
    const response = await ask(fake, { path: pathOf(bytes) })
    expect([response.status, await response.json()]).toEqual([
      503,
      { ok: false, code: 'photo_being_checked' },
    ])
    expect(Object.keys(fake.objects)).toHaveLength(1)
  })

  test('does nothing for strangers, for others’ photos and for what is no path', async () => {
    const fake = fakeSupabase({ [pathOf(bytes)]: bytes })
    const others = `99999999-acec-75a9-b5c6-8f54bf08c4d7/${nameOf(bytes)}.jpg`
    const cases: [body: unknown, token: string, status: number][] = [
      [{ path: pathOf(bytes) }, 'expired', 401],
      [{ path: pathOf(bytes) }, '', 401],
      [{ path: others }, 'good', 403],
      [{ path: `${owner}/../../x` }, 'good', 400],
      [{ path: [pathOf(bytes)] }, 'good', 400],
      [null, 'good', 400],
      [{ path: pathOf(jpegFile({ seed: 7 })) }, 'good', 404],
    ]
    for (const [body, token, status] of cases) {
      expect([body, (await ask(fake, body, token)).status]).toEqual([body, status])
    }
    expect((await ask(fake, null, 'good', 'GET')).status).toBe(405)
    expect(
      (await ask(fake, null, 'good', 'OPTIONS')).headers.get('access-control-allow-headers'),
    ).toContain('apikey')
    expect(fake.checks).toEqual([])
    expect(Object.keys(fake.objects)).toHaveLength(1)
  })

  test('fails loudly when the verdict cannot be kept', async () => {
    const { gateway } = fakeSupabase({ [pathOf(bytes)]: bytes })
    const broken = { ...gateway, record: () => Promise.reject(new Error('record: 500')) }
    const request = new Request('https://x.example', {
      method: 'POST',
      headers: { authorization: 'Bearer good' },
      body: JSON.stringify({ path: pathOf(bytes) }),
    })
    await expect(answerCheck(request, broken)).rejects.toThrow('record: 500')
  })
})

test('the secret key comes in either form', () => {
  const env = (values: Record<string, string>) => (name: string) => values[name]
  expect(secretKeyFrom(env({ SUPABASE_SECRET_KEYS: '{"default":"sb_secret_a"}' }))).toBe(
    'sb_secret_a',
  )
  expect(secretKeyFrom(env({ SUPABASE_SERVICE_ROLE_KEY: 'old' }))).toBe('old')
  expect(() => secretKeyFrom(env({}))).toThrow('SUPABASE_SECRET_KEYS')
})
