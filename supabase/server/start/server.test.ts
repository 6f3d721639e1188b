import { randomUUID } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { pages } from '../../../src/domain/pages.ts'
import { slow } from '../../../tests/kit/patience.ts'
import { smallBasemap } from '../../../tests/kit/small-basemap.ts'
import { openDatabase } from '../backend/open-database.ts'
import { hashWithoutRule } from '../owner/passwords.ts'
import { addPerson, setPassword } from '../owner/people.ts'
import { KeptReports } from '../report/kept-reports.ts'
import { startServer } from './server.ts'
import type { RunningServer } from './server.ts'
import type { Secrets } from '../base/secrets.ts'
import {
  adminEmail,
  adminPassword,
  goodPassword,
  grantedBehindTheScenes,
  reportCommand,
  secretsOf,
  send,
  settingsIn,
  signToken,
  temporaryFolder,
} from '../testing/kit.ts'
import { folderWithSmallCity } from '../testing/small-city.ts'

const folder = await folderWithSmallCity('server')
let server: RunningServer
let secrets: Secrets
let port: number
let token: string
let userId: string

const json = { 'content-type': 'application/json' }
const key = () => ({ apikey: secrets.publishableKey })
const bearer = (jwt = token) => ({ ...key(), ...json, authorization: `Bearer ${jwt}` })
const in5Minutes = () => Math.floor(Date.now() / 1000) + 300

function signIn(email: string, password: string) {
  return send(port, 'POST', '/auth/v1/token?grant_type=password', {
    headers: { ...key(), ...json },
    body: JSON.stringify({ email, password }),
  })
}

function rpc(name: string, body: object, headers: Record<string, string> = bearer()) {
  return send(port, 'POST', `/rest/v1/rpc/${name}`, { headers, body: JSON.stringify(body) })
}

beforeAll(async () => {
  server = await startServer(settingsIn(folder.path))
  port = server.port
  secrets = secretsOf(folder.path)
  const { json: session } = await signIn(adminEmail, adminPassword)
  token = session.access_token as string
  userId = (session.user as { id: string }).id
})
afterAll(async () => {
  await server?.close()
  folder.remove()
})

describe('the desk of imports', () => {
  const call = (
    method: string,
    path: string,
    { body, jwt = token }: { body?: string | object; jwt?: string } = {},
  ) =>
    send(port, method, `/imports/v1${path}`, {
      headers: bearer(jwt),
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  type State = Record<'job' | 'file' | 'receiving', Record<string, unknown> | null> & {
    reports: Record<string, unknown>[]
    mappings: Record<string, unknown>[]
  }
  const state = async () => (await call('GET', '/state')).json as unknown as State
  /** The job when it has ended. */
  const ended = async () => {
    await expect.poll(async () => (await state()).job?.endedAt, slow).toEqual(expect.any(String))
    return (await state()).job!
  }
  /** A ledger as an office writes it, its last row in another city. */
  const ledger = (rows: number) =>
    ['编号,上报时间,结案时间,经度,纬度,小类', '']
      .join('\n')
      .concat(
        Array.from(
          { length: rows },
          (_, n) => `A-${n},2026年3月5日 8:30,,113.0${n % 90},28.0${n % 90},暴露垃圾\n`,
        ).join(''),
      )
      .concat('Z-1,2026年3月5日 8:30,,120.1,30.2,暴露垃圾\n')
  const stored = async () =>
    (
      await server.database().query<{
        n: number
      }>(`select count(*)::integer as n from public.incidents
          where description = '' and channel is null or channel = 'import'`)
    )[0]!.n

  test('takes a file from admins of the city alone, looks, checks, stores and reports', async () => {
    // a leader of the whole city, for the claims say nothing about roles
    const { json: session } = await (async () => {
      const person = { email: 'leader@city.example', displayName: 'Leader' }
      const passwordHash = await hashWithoutRule(goodPassword)
      await addPerson(
        server.database(),
        { ...person, passwordHash },
        { role: 'leader', areaCode: 'CITY' },
      )
      return signIn(person.email, goodPassword)
    })()
    const strange = session.access_token as string
    for (const [method, path] of [
      ['GET', '/state'],
      ['PUT', '/file?name=a.csv'],
      ['POST', '/job'],
      ['DELETE', '/job'],
      ['GET', '/reports/x'],
    ] as const)
      expect(
        (
          await call(method, path, {
            jwt: strange,
            ...(method === 'PUT' || method === 'POST' ? { body: '{}' } : {}),
          })
        ).status,
        path,
      ).toBe(403)
    expect(await state()).toMatchObject({ file: null, job: null })

    expect((await call('POST', '/job', { body: { step: 'look' } })).json.code).toBe(
      'import_no_file',
    )
    const name = encodeURIComponent('../../三月台账.csv')
    const sent = await call('PUT', `/file?name=${name}`, { body: ledger(3) })
    expect(sent.json).toMatchObject({ name: '三月台账.csv', isBasemap: false })
    expect((await call('POST', '/job', { body: { step: 'look' } })).status).toBe(200)
    const { look } = (await ended()) as { look: Record<string, unknown> & { mapping: object } }
    expect(look).toMatchObject({ kind: 'incidents', total: 4, doubts: [] })
    expect(look.mapping).toMatchObject({
      columns: { id: '编号', reportedAt: '上报时间', lon: '经度', lat: '纬度', category: '小类' },
      categories: { map: { 暴露垃圾: 'exposed_garbage' } },
    })

    const before = await stored()
    const wish = { kind: 'incidents', mapping: { ...look.mapping, source: 'desk' } }
    await call('POST', '/job', { body: { ...wish, step: 'check' } })
    const checked = await ended()
    expect(checked.error).toBeNull()
    expect(await stored()).toBe(before)
    await call('POST', '/job', { body: { ...wish, step: 'store' } })
    const { report } = (await ended()) as { report: string }
    expect(await stored()).toBe(before + 3)

    const { reports } = await state()
    expect(reports.slice(0, 2)).toMatchObject([
      { name: report, file: '三月台账.csv', isCheck: false, stored: 3, rejected: 1 },
      { isCheck: true, stored: 3, rejected: 1 },
    ])
    const read = (await call('GET', `/reports/${encodeURIComponent(report)}`)).json
    expect(read).toMatchObject({
      reasons: [{ reason: 'outside_city', count: 1, zh: '不在本市范围内' }],
      items: [{ at: 5, id: 'Z-1' }],
    })
    const csv = await call('GET', `/reports/${encodeURIComponent(report)}/rejected`)
    expect(csv.text).toContain('5,Z-1,')
    for (const path of ['..%2Fsecrets', '..%2F..%2Fsecrets', 'incoming'])
      expect((await call('GET', `/reports/${path}`)).status, path).toBe(404)
  })

  test('does one thing at a time, and a stopped import says what it stored', async () => {
    await call('PUT', '/file?name=many.csv', { body: ledger(60_000) })
    await call('POST', '/job', { body: { step: 'look' } })
    const { look } = (await ended()) as { look: { mapping: object } }
    const before = await stored()
    const wish = { step: 'store', kind: 'incidents', mapping: { ...look.mapping, source: 'many' } }
    const both = await Promise.all([1, 2].map(() => call('POST', '/job', { body: wish })))
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409])
    expect((await call('PUT', '/file?name=b.csv', { body: 'id\n' })).json.code).toBe('import_busy')
    // others are answered meanwhile
    const progress = async () =>
      ((await state()).job?.progress as { stored: number } | null)?.stored
    await expect.poll(async () => (await progress()) ?? 0, slow).toBeGreaterThan(0)
    expect((await call('DELETE', '/job')).status).toBe(200)
    const job = await ended()
    expect(job).toMatchObject({ isStopped: true, error: null })
    const [summary] = (await state()).reports
    expect(summary).toMatchObject({
      isCheck: false,
      brokenOff: expect.stringMatching(/stopped on request/) as unknown,
    })
    const added = (await stored()) - before
    expect(added).toBe(summary!.stored)
    expect(added).toBeGreaterThan(0)
    expect(added).toBeLessThan(60_000)
    expect((await call('DELETE', '/job')).json.code).toBe('import_no_job')
    await call('DELETE', '/file')
    expect(readdirSync(join(folder.path, 'data/imports/incoming'))).toEqual(['desk.json'])
  })

  test('keeps mappings by name', async () => {
    const kept = {
      name: '月度台账',
      kind: 'incidents',
      columns: ['编号'],
      mapping: { source: 'x' },
    }
    expect((await call('PUT', '/mappings', { body: kept })).status).toBe(200)
    expect((await call('PUT', '/mappings', { body: { ...kept, name: '' } })).status).toBe(400)
    expect((await state()).mappings).toMatchObject([kept])
    await call('DELETE', `/mappings?name=${encodeURIComponent(kept.name)}`)
    expect((await state()).mappings).toEqual([])
  })

  test('lets a new try take the place of one’s own file that stands still', async () => {
    const silent = request({
      ...{ host: '127.0.0.1', port, method: 'PUT', path: '/imports/v1/file?name=lost.csv' },
      headers: { ...bearer(), 'content-length': '1000' },
    })
    silent.on('error', () => undefined)
    silent.write('id\n')
    await expect.poll(async () => (await state()).receiving, slow).toMatchObject({ isOwn: true })
    expect((await call('PUT', '/file?name=again.csv', { body: ledger(1) })).status).toBe(200)
    expect(await state()).toMatchObject({ receiving: null, file: { name: 'again.csv' }, job: null })
    silent.destroy()
    await call('DELETE', '/file')
    expect(readdirSync(join(folder.path, 'data/imports/incoming'))).toEqual(['desk.json'])
  })

  test('gives all rejected rows as a table that no spreadsheet takes for formulas', async () => {
    const header = '编号,上报时间,经度,纬度,小类'
    const rows = Array.from({ length: 1_100 }, (_, n) => `=1+${n},2026年3月5日,113,28,"=谜,${n}"`)
    await call('PUT', `/file?name=${encodeURIComponent('公式')}.csv`, {
      body: [header, ...rows].join('\n'),
    })
    const mapping = {
      ...{ source: 'formulas', stages: { otherwise: 'filed' }, categories: {} },
      columns: { id: '编号', reportedAt: '上报时间', lon: '经度', lat: '纬度', category: '小类' },
    }
    await call('POST', '/job', { body: { step: 'check', kind: 'incidents', mapping } })
    const { report } = (await ended()) as { report: string }
    const read = (await call('GET', `/reports/${encodeURIComponent(report)}`)).json
    expect(read).toMatchObject({ itemCount: 1_100, summary: { rejected: 1_100 } })
    const { text } = await call('GET', `/reports/${encodeURIComponent(report)}/rejected`)
    expect(text).toMatch(/^\uFEFFline 行,id 编号,.*原因,/)
    const lines = text.trim().split('\r\n')
    expect(lines).toHaveLength(1_101)
    expect(lines.at(-1)).toBe(
      `1101,'=1+1099,小类,rejected 拒绝,unknown_category,${'category unknown to the mapping or the city'},类别不存在,"'=谜,1099"`,
    )
    expect(text).not.toMatch(/(?:^|,|")[=＝+@-]/m)
  })

  test('takes a street map, shows it to everybody, and takes it away again', async () => {
    const source = '© 测绘院'
    const archive = smallBasemap(
      [112.9, 27.9, 113.1, 28.1],
      `<a href="https://example.org">${source}</a>`,
    )
    const sent = await send(port, 'PUT', '/imports/v1/file?name=city.pmtiles', {
      ...{ headers: bearer(), body: archive },
    })
    expect(sent.json).toMatchObject({ name: 'city.pmtiles', isBasemap: true })
    await call('POST', '/job', { body: { step: 'look' } })
    expect(await ended()).toMatchObject({
      ...{ error: null, basemap: { maxZoom: 14, covered: 1, attribution: source } },
    })
    expect(await state()).toMatchObject({ cityBasemap: null })
    await call('POST', '/job', { body: { step: 'basemap', attribution: '' } })
    expect(await ended()).toMatchObject({ error: null })
    const { cityBasemap, file } = (await state()) as unknown as {
      cityBasemap: { url: string; attribution: string }
      file: null
    }
    expect([cityBasemap.attribution, file]).toEqual([source, null])
    const shown = async () =>
      ((await send(port, 'GET', '/config.json')).json.city as { basemap: unknown }).basemap
    await expect.poll(shown, slow).toMatchObject({ url: cityBasemap.url, attribution: source })
    const part = await send(port, 'GET', cityBasemap.url, { headers: { range: 'bytes=0-6' } })
    expect([part.status, part.text]).toEqual([206, 'PMTiles'])
    await call('POST', '/job', { body: { step: 'remove-basemap' } })
    await ended()
    expect(await state()).toMatchObject({ cityBasemap: null })
    await expect.poll(shown, slow).toBeNull()
    expect((await send(port, 'GET', cityBasemap.url)).status).toBe(404)
  })

  test('refuses a basemap that is none, and says why', async () => {
    await call('PUT', '/file?name=city.pmtiles', { body: 'PMTiles and nothing more' })
    await call('POST', '/job', { body: { step: 'basemap' } })
    expect((await ended()).error).toMatchObject({
      en: expect.stringMatching(/^city\.pmtiles is no whole PMTiles archive/) as unknown,
      zh: '不是完整的 PMTiles 文件',
    })
    expect(await state()).toMatchObject({ cityBasemap: null })
  })
})

test('kept monthly reports are listed and given to those who lead their area alone', async () => {
  const kept = new KeptReports(join(folder.path, 'data'), () => server.database(), [])
  const wish = {
    period: '2026-10',
    area: { code: 'CITY', name: '测试市' },
    language: 'zh-CN',
  } as const
  kept.keep(wish, Buffer.from('%PDF-1.4'), new Date())
  const name = '2026-10_CITY_zh-CN.pdf'
  const get = (path: string, headers = bearer()) =>
    send(port, 'GET', `/reports/v1/kept${path}`, { headers })
  expect(JSON.parse((await get('')).text)).toMatchObject([
    { name, areaCode: 'CITY', recipients: 0 },
  ])
  const file = await get(`/${name}`)
  expect([file.status, file.text]).toEqual([200, '%PDF-1.4'])
  expect(file.headers).toMatchObject({
    ...{ 'content-type': 'application/pdf', 'cache-control': 'no-store' },
  })
  for (const other of ['kept.json', '..%2fsecrets.json', '%2e%2e%2fsecrets.json'])
    expect((await get(`/${other}`)).status, other).toBe(404)
  const person = { email: 'no-leader@city.example', displayName: 'F', password: goodPassword }
  const sub = await addPerson(server.database(), person, { role: 'field_staff', areaCode: 'CITY' })
  const jwt = signToken({ sub, role: 'authenticated', exp: in5Minutes() }, secrets.jwtSecret)
  expect((await get('', bearer(jwt))).text).toBe('[]')
  expect((await get(`/${name}`, bearer(jwt))).status).toBe(404)
  expect((await get(`/${name}`, { ...key(), ...json } as never)).status).toBe(401)
})

test('public figures are for admins of the whole city, and wishes are read strictly', async () => {
  const ask = (path: string, body?: object, headers = bearer()) =>
    send(port, body ? 'POST' : 'GET', `/publications/v1${path}`, {
      ...{ headers, ...(body && { body: JSON.stringify(body) }) },
    })
  const person = { email: 'no-admin@city.example', displayName: 'L', password: goodPassword }
  const sub = await addPerson(server.database(), person, { role: 'leader', areaCode: 'CITY' })
  const jwt = signToken({ sub, role: 'authenticated', exp: in5Minutes() }, secrets.jwtSecret)
  const right = { from: '2026-01', to: '2026-01', level: 'grid' }
  for (const [path, body] of [
    ['', undefined],
    ['/preview', right],
    ['', right],
    ['/1/withdraw', {}],
  ] as const)
    expect((await ask(path, body, bearer(jwt))).status, path).toBe(403)
  const state = JSON.parse((await ask('')).text)
  expect(state).toMatchObject({ level: null, countedMonths: [], publications: [] })
  for (const wrong of [
    ...[
      {},
      { ...right, from: '2026-13' },
      { ...right, to: '2025-12' },
      { ...right, level: 'city' },
    ],
    ...[
      { ...right, level: 7 },
      { ...right, from: ['2026-01'] },
    ],
  ])
    expect((await ask('/preview', wrong)).status, JSON.stringify(wrong)).toBe(400)
  // what nobody previewed is not published
  expect((await ask('', right)).status).toBe(400)
  expect((await ask('', { ...right, basis: 'another' })).json).toMatchObject({ code: 'changed' })
  const late = await ask('/preview', { ...right, to: '2999-01' })
  expect(late.json).toMatchObject({ code: 'not_over_or_other_level' })
  expect((await ask('/1/withdraw', {})).status).toBe(409)
  const seen = (await ask('/preview', right)).json as { basis: string; figures: object }
  expect(seen.figures).toMatchObject({ months: ['2026-01'] })
  expect((await ask('', { ...right, basis: seen.basis })).status).toBe(200)
  expect(JSON.parse((await ask('')).text).publications).toMatchObject([
    { id: 1, isWithdrawn: false, publishedBy: expect.any(String) },
  ])
  expect((await ask('/1/withdraw', {})).status).toBe(204)
})

test('the shard level is for admins of the whole city, and its keys follow by themselves', async () => {
  const ask = (body?: object | string, headers = bearer()) =>
    send(port, body ? 'POST' : 'GET', '/city/v1/shard-level', {
      ...{ headers, ...(body && { body: typeof body === 'string' ? body : JSON.stringify(body) }) },
    })
  const person = { email: 'no-city-admin@city.example', displayName: 'L', password: goodPassword }
  const sub = await addPerson(server.database(), person, { role: 'leader', areaCode: 'CITY' })
  const jwt = signToken({ sub, role: 'authenticated', exp: in5Minutes() }, secrets.jwtSecret)
  for (const body of [undefined, { level: 'district' }])
    expect((await ask(body, bearer(jwt))).json).toMatchObject({ code: 'admins_only' })
  expect((await ask(undefined, { ...key(), ...json } as never)).status).toBe(401)
  for (const wrong of ['x', '[]', {}, { level: 7 }])
    expect((await ask(wrong)).status, JSON.stringify(wrong)).toBe(400)
  for (const [level, code] of [
    ['province', 'unknown_level'],
    ['district', 'no_areas'],
    ['grid', 'too_small'],
    ['city', 'present'],
  ])
    expect((await ask({ level })).json, level).toMatchObject({ code })
  await server.database().exec(
    `insert into public.areas (code, parent_code, path, level, name, geom)
     select 'DISTRICT', 'CITY', 'CITY/DISTRICT/', 'district', 'D', a.geom from public.areas a where a.code = 'CITY'`,
  )
  try {
    expect((await ask({ level: 'district' })).json).toMatchObject({
      level: 'district',
      lastMove: { to: 'district', startedBy: expect.any(String) },
    })
    const end = async () =>
      ((await ask()).json as { lastMove: { finishedAt: string | null } }).lastMove.finishedAt
    await expect.poll(end, slow).not.toBeNull()
    expect((await ask({ level: 'city' })).status).toBe(200)
    await expect.poll(end, slow).not.toBeNull()
  } finally {
    await server.database().exec(`delete from public.areas where code = 'DISTRICT'`)
  }
})

describe('what is open', () => {
  test('health and readiness', async () => {
    expect((await send(port, 'GET', '/healthz')).json).toEqual({ status: 'alive', ready: true })
    expect((await send(port, 'GET', '/readyz')).status).toBe(200)
  })

  test('config.json tells the client where it is, and nothing secret', async () => {
    const { json: config, text } = await send(port, 'GET', '/config.json')
    expect(config).toMatchObject({
      supabaseUrl: `http://127.0.0.1:${port}`,
      publishableKey: secrets.publishableKey,
      tier: 'embedded',
      demo: null,
      city: { name: '测试市', timeZone: 'Asia/Shanghai', bbox: [112.9, 27.9, 113.1, 28.1] },
    })
    expect(config.instanceId).toMatch(/^[0-9a-f-]{36}$/)
    expect(text).not.toContain(secrets.secretKey)
    expect(text).not.toContain(secrets.jwtSecret)
  })

  test('a signed-in user reads through the API, compressed', async () => {
    const { json: context } = await rpc('session_context', {})
    expect(context).toMatchObject({ userId, memberships: [{ role: 'admin', areaCode: 'CITY' }] })
    // fetch decompresses by itself
    const response = await fetch(`http://127.0.0.1:${port}/rest/v1/rpc/category_list`, {
      method: 'POST',
      headers: { ...bearer(), 'accept-encoding': 'br' },
      body: '{}',
    })
    expect(response.headers.get('content-encoding')).toBe('br')
    expect(await response.json()).not.toHaveLength(0)
  })

  test('a session is refreshed and ended', async () => {
    const { json: session } = await signIn(adminEmail, adminPassword)
    const refreshed = await send(port, 'POST', '/auth/v1/token?grant_type=refresh_token', {
      headers: { ...key(), ...json },
      body: JSON.stringify({ refresh_token: session.refresh_token }),
    })
    expect(refreshed.status).toBe(200)
    const jwt = refreshed.json.access_token as string
    expect((await send(port, 'GET', '/auth/v1/user', { headers: bearer(jwt) })).status).toBe(200)
    const here = '/auth/v1/logout?scope=local'
    expect((await send(port, 'POST', here, { headers: bearer(jwt) })).status).toBe(204)
    const again = await send(port, 'POST', '/auth/v1/token?grant_type=refresh_token', {
      headers: { ...key(), ...json },
      body: JSON.stringify({ refresh_token: refreshed.json.refresh_token }),
    })
    expect(again.status).toBeGreaterThanOrEqual(400)
  })

  test('app routes get the page, other pages the page with 404, files their types', async () => {
    const page = { headers: { accept: 'text/html' } }
    for (const path of ['/map?in=CITY', '/capture?draft=x', ...pages.map((one) => one.path)]) {
      expect((await send(port, 'GET', path, page)).status).toBe(200)
    }
    expect((await send(port, 'GET', '/nowhere', page)).status).toBe(404)
    expect((await send(port, 'GET', '/nowhere.js')).status).toBe(404)
    const asset = await send(port, 'GET', '/assets/app-1a2b.js')
    expect(asset.headers['content-type']).toContain('text/javascript')
    expect(asset.headers['cache-control']).toContain('immutable')
  })

  test('the service worker is asked for anew each time, the manifest says what it is', async () => {
    writeFileSync(join(folder.path, 'dist/sw.js'), 'self.skipWaiting')
    writeFileSync(join(folder.path, 'dist/manifest.webmanifest'), '{}')
    const worker = await send(port, 'GET', '/sw.js')
    expect(worker.headers['content-type']).toContain('text/javascript')
    expect(worker.headers['cache-control']).toBe('no-cache')
    const { headers } = await send(port, 'GET', '/manifest.webmanifest')
    expect(headers['content-type']).toContain('application/manifest+json')
  })

  test('every answer carries the policy, without inline scripts', async () => {
    for (const path of ['/', '/config.json', '/_system/x', '/rest/v1/areas']) {
      const { headers } = await send(port, 'GET', path)
      const policy = String(headers['content-security-policy'])
      expect(policy).toMatch(/script-src 'self';/)
      expect(policy).toMatch(/worker-src 'self' blob:;/)
      expect(policy).toMatch(/manifest-src 'self';/)
      expect(policy).toMatch(/img-src 'self' data: blob:;/)
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['access-control-allow-origin']).toBeUndefined()
    }
  })
})

describe('what is refused', () => {
  const claims = () => ({ sub: userId, role: 'authenticated', exp: in5Minutes() })

  test.each([
    ['a foreign token', () => signToken(claims(), 'another secret')],
    ['an expired token', () => signToken({ ...claims(), exp: 1 }, secrets.jwtSecret)],
    ['role postgres', () => signToken({ ...claims(), role: 'postgres' }, secrets.jwtSecret)],
    [
      'role service_role',
      () => signToken({ ...claims(), role: 'service_role' }, secrets.jwtSecret),
    ],
    ['the publishable key as a token', () => secrets.publishableKey],
    ['the secret key as a token', () => secrets.secretKey],
  ])('%s', async (_name, jwt) => {
    expect((await rpc('session_context', {}, bearer(jwt()))).status).toBe(401)
    expect((await send(port, 'GET', '/auth/v1/user', { headers: bearer(jwt()) })).status).toBe(401)
  })

  test('no token, no key, an unknown key, the secret key', async () => {
    expect((await rpc('session_context', {}, { ...key(), ...json })).status).toBe(401)
    const authorization = `Bearer ${token}`
    const wrong: Record<string, string>[] = [
      { authorization },
      { authorization, apikey: 'sb_publishable_unknown' },
      { authorization, apikey: secrets.secretKey },
    ]
    for (const headers of wrong) {
      expect((await rpc('session_context', {}, headers)).status).toBe(401)
      const body = JSON.stringify({ email: adminEmail, password: adminPassword })
      const path = '/auth/v1/token?grant_type=password'
      expect((await send(port, 'POST', path, { headers, body })).status).toBe(401)
    }
  })

  test.each([
    ['POST', '/auth/v1/signup', { email: 'new@city.example', password: 'long enough' }],
    ['POST', '/auth/v1/otp', { email: 'new@city.example' }],
    ['POST', '/auth/v1/magiclink', { email: adminEmail }],
    ['POST', '/auth/v1/recover', { email: adminEmail }],
    ['POST', '/auth/v1/verify', { type: 'magiclink', token: '123456', email: adminEmail }],
    ['GET', '/auth/v1/verify?type=signup&token=1', null],
    ['POST', '/auth/v1/token?grant_type=pkce', { auth_code: 'x', code_verifier: 'y' }],
    ['POST', '/auth/v1/token?grant_type=id_token', { id_token: 'x' }],
    ['POST', '/auth/v1/token', { email: adminEmail, password: adminPassword }],
    ['GET', '/auth/v1/authorize?provider=github', null],
    ['GET', '/auth/v1/settings', null],
    ['GET', '/auth/v1/admin/users', null],
    ['POST', '/auth/v1/token/?grant_type=password', { email: adminEmail, password: adminPassword }],
  ])('%s %s', async (method, path, body) => {
    const before = await server.database().query('select id from auth.users')
    const answer = await send(port, method, path, {
      headers: bearer(),
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    expect(answer.status).toBe(403)
    expect(await server.database().query('select id from auth.users')).toEqual(before)
  })

  test('changing anything of an account but its password', async () => {
    for (const body of [
      { email: 'x@y.example' },
      { password: 'long enough', data: { a: 1 } },
      {},
    ]) {
      const answer = await send(port, 'PUT', '/auth/v1/user', {
        headers: bearer(),
        body: JSON.stringify(body),
      })
      expect(answer.status).toBe(403)
    }
  })

  test('another Host', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      `localhost.evil.example:${port}`,
    ]) {
      const headers = { ...bearer(), host }
      expect((await rpc('session_context', {}, headers)).status).toBe(421)
    }
    const headers = { ...bearer(), 'x-forwarded-host': 'evil.example' }
    expect((await rpc('session_context', {}, headers)).status).toBe(200)
  })

  test('another Origin, and a cross-site request without one', async () => {
    const own = { origin: `http://127.0.0.1:${port}` }
    expect((await rpc('session_context', {}, { ...bearer(), ...own })).status).toBe(200)
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `https://127.0.0.1:${port}` },
      { 'sec-fetch-site': 'cross-site' },
    ]
    for (const headers of foreign) {
      expect((await rpc('session_context', {}, { ...bearer(), ...headers })).status).toBe(403)
    }
  })

  test.each([
    ['GET', '/_system/health'],
    ['POST', '/_system/sql'],
    ['GET', '/_system'],
    ['GET', '/storage/v1/bucket'],
    ['GET', '/realtime/v1/websocket'],
    ['GET', '/rest/v1/'],
    ['GET', '/rest/v1'],
    ['POST', '/rest/v1/rpc/'],
    ['GET', '/rest/v1/areas/../../../_system/x'],
    ['GET', '/rest/v1/rpc/../_x/y'],
    ['GET', '/rest/v1/incidents'],
    ['GET', '/rest/v1/rpc/session_context'],
    ['DELETE', '/rest/v1/incident_log?seq=gt.0'],
  ])('%s %s is 404, never the page', async (method, path) => {
    const answer = await send(port, method, path, {
      headers: { ...bearer(), accept: 'text/html,application/json' },
    })
    expect([404, 405]).toContain(answer.status)
    expect(answer.text).not.toContain('doctype')
  })

  test('writing a table, another schema, an unknown function', async () => {
    const body = JSON.stringify({ code: 'x', name_zh: 'x', name_en: 'x' })
    const write = await send(port, 'POST', '/rest/v1/departments', { headers: bearer(), body })
    expect(write.status).toBeGreaterThanOrEqual(400)
    const headers = { ...bearer(), 'accept-profile': 'auth' }
    expect((await send(port, 'GET', '/rest/v1/users', { headers })).status).toBe(404)
    expect((await rpc('pg_sleep', { seconds: 1 })).status).toBe(404)
  })

  test('nesting that would overflow the database’s stack: it goes on writing and reading', async () => {
    const deep = '['.repeat(200_000)
    expect((await rpc('incident_list', { p_filter: deep })).status).toBe(400)
    expect((await rpc('incident_list', { p_filter: {}, p_after: `"${deep}` })).status).not.toBe(500)
    const nested = `{"p_filter":${'['.repeat(100)}${']'.repeat(100)}}`
    const path = '/rest/v1/rpc/incident_list'
    const headers = bearer()
    expect((await send(port, 'POST', path, { headers, body: nested })).status).toBe(400)
    const query = `?p_filter=${'['.repeat(7_500)}`
    expect((await send(port, 'GET', path + query, { headers })).status).toBe(405)
    expect((await send(port, 'POST', path + query, { headers, body: '{}' })).status).toBe(400)
    const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' }
    expect((await send(port, 'POST', path, { headers: form, body: query.slice(1) })).status).toBe(
      400,
    )

    const command = reportCommand(userId)
    const receipts = await rpc('apply_commands', { p_commands: [command] })
    expect(JSON.parse(receipts.text)).toMatchObject([{ id: command.id, outcome: 'applied' }])
    const known = await rpc('command_receipts', { p_ids: [command.id] })
    expect(JSON.parse(known.text)).toMatchObject([{ id: command.id }])
  })

  test('requests that are too long', async () => {
    const long = 'x'.repeat(300 * 1024)
    expect((await rpc('session_context', { long })).status).toBe(413)
    expect((await rpc('apply_commands', { p_commands: [], long: long.repeat(4) })).status).toBe(413)
  })

  test('commands in any form but the one the journal can repeat', async () => {
    const command = reportCommand(userId)
    for (const p_commands of [JSON.stringify([command]), command, null]) {
      expect((await rpc('apply_commands', { p_commands })).status).toBe(400)
    }
    const rows = await server
      .database()
      .query('select id from public.commands where id = $1::text::uuid', [command.id])
    expect(rows).toEqual([])
  })

  test('a second server on the folder, and a port in use', async () => {
    await expect(startServer(settingsIn(folder.path))).rejects.toThrow(
      new RegExp(`in use by process ${process.pid} \\(npm start\\), since`),
    )
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const taken = (other.address() as AddressInfo).port
    const elsewhere = temporaryFolder('port')
    const settings = settingsIn(elsewhere.path, { PORT: String(taken) })
    await expect(startServer(settings)).rejects.toThrow(`Port ${taken} is in use`)
    other.close()
    elsewhere.remove()
  })
})

describe('the database behind the door', () => {
  test('a revoked table stays revoked, and lite has granted nothing', async () => {
    const db = server.database()
    await db.exec(
      'create table public.kept (a int); alter table public.kept enable row level security',
    )
    await db.exec('create policy everyone on public.kept using (true) with check (true)')
    await db.exec('revoke all on public.kept from anon, authenticated')
    expect((await rpc('session_context', {})).status).toBe(200)
    const granted = await db.query(
      `select c.relname from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'p')
          and (has_table_privilege('anon', c.oid, 'select')
            or has_table_privilege('authenticated', c.oid, 'insert, update, delete')
            or (c.relname = 'kept' and has_table_privilege('authenticated', c.oid, 'select')))`,
    )
    expect(
      granted.filter(({ relname }) => !String(relname).match(/^(spatial_ref_sys|geo)/)),
    ).toEqual([])
    await db.exec('drop table public.kept')
  })

  test('whoever asks has no rights on accounts, sessions and the server’s own notes', async () => {
    expect(await grantedBehindTheScenes(server.database())).toEqual([])
  })

  test('requests run under a login that is no superuser and cannot become one', async () => {
    const rows = await server.database().query(
      `select rolsuper, rolcreaterole, pg_has_role('wangge_api', 'postgres', 'member') as member
         from pg_roles where rolname = 'wangge_api'`,
    )
    expect(rows).toEqual([{ rolsuper: false, rolcreaterole: false, member: false }])
  })

  test('commands give receipts, and the same ones again', async () => {
    const command = reportCommand(userId)
    const first = await rpc('apply_commands', { p_commands: [command] })
    expect(first.status).toBe(200)
    expect(JSON.parse(first.text)).toMatchObject([{ id: command.id, outcome: 'applied' }])
    const second = await rpc('apply_commands', { p_commands: [command] })
    expect(JSON.parse(second.text)).toMatchObject([{ id: command.id, outcome: 'replayed' }])
  })

  test('one poisoned command among 199 good ones: 200 receipts', async () => {
    const commands = Array.from({ length: 200 }, () => reportCommand(userId))
    commands[100]!.payload = '{"description":"\\u0000'
    const { status, text } = await rpc('apply_commands', { p_commands: commands })
    expect(status).toBe(200)
    const receipts = JSON.parse(text) as { id: string; outcome: string }[]
    expect(receipts.map(({ id }) => id)).toEqual(commands.map(({ id }) => id))
    expect(receipts.filter(({ outcome }) => outcome === 'applied')).toHaveLength(199)
    expect(receipts[100]?.outcome).toBe('rejected')
  })

  test('commands beside a running server go through its socket', async () => {
    const env = { DATA_DIR: settingsIn(folder.path).dataDir }
    const db = await openDatabase(env)
    expect(await db.query('select name from public.city_settings')).toEqual([{ name: '测试市' }])
    await expect(
      db.transaction(async (tx) => {
        await tx.exec('create table public.gone (a int)')
        throw new Error('on purpose')
      }),
    ).rejects.toThrow('on purpose')
    expect(await db.query(`select to_regclass('public.gone') as found`)).toEqual([{ found: null }])
    await expect(db.query('select nonsense')).rejects.toMatchObject({ code: '42703' })
    await db.close()
  })

  test('a new password by command ends the sessions that are out', async () => {
    const db = server.database()
    const person = { email: 'stolen@city.example', displayName: 'S', password: goodPassword }
    await addPerson(db, person, { role: 'field_staff', areaCode: 'CITY' })
    const { json: old } = await signIn(person.email, goodPassword)
    const stolen = bearer(old.access_token as string)
    expect((await rpc('session_context', {}, stolen)).status).toBe(200)
    await setPassword(db, person.email, 'another umbrella tractor')
    // ended sessions are read every two seconds
    await expect
      .poll(() => rpc('session_context', {}, stolen).then(({ status }) => status), slow)
      .toBe(401)
    const { json: session } = await signIn(person.email, 'another umbrella tractor')
    expect((await rpc('session_context', {}, bearer(session.access_token as string))).status).toBe(
      200,
    )
    expect((await rpc('session_context', {})).status).toBe(200)
  })

  test('the demo’s passwords stay, so that the next visitor gets in', async () => {
    const { json: session } = await signIn('admin@wangge.demo', 'wangge-demo')
    const answer = await send(port, 'PUT', '/auth/v1/user', {
      headers: bearer(session.access_token as string),
      body: JSON.stringify({ password: 'mine alone now', current_password: 'wangge-demo' }),
    })
    expect(answer.status).toBe(403)
  })
})

describe('rate limits', () => {
  // a slow machine earns no further try meanwhile
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }))
  afterEach(() => void vi.useRealTimers())

  test('wrong passwords: an account is closed after ten, with Retry-After, also for the right one', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 11; i++)
      statuses.push((await signIn(`x@city.example`, `wrong ${i}`)).status)
    expect(statuses.slice(0, 10).every((status) => status === 400 || status === 401)).toBe(true)
    expect(statuses[10]).toBe(429)
    const refused = await signIn('X@city.example ', 'wrong again')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await signIn(adminEmail, adminPassword)).status).toBe(200)
  })

  test('guesses over many accounts from one address are stopped', async () => {
    let last = 0
    for (let i = 0; i < 31 && last !== 429; i++) {
      last = (await signIn(`${randomUUID()}@city.example`, 'wrong')).status
    }
    expect(last).toBe(429)
  })
})

test('more connections than 2,000 are closed as they come', async () => {
  const sockets: Socket[] = []
  const open = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', resolve)
      socket.once('error', reject)
      sockets.push(socket.resume())
    })
  try {
    for (let n = 0; n < 2_010; n++) await open()
    // an idle connection is closed too, but later, and the first one first
    await expect.poll(() => [sockets[0]!.closed, sockets.at(-1)!.closed]).toEqual([false, true])
  } finally {
    for (const socket of sockets) socket.destroy()
  }
  const health = () => send(port, 'GET', '/healthz').catch(() => null)
  await expect.poll(async () => (await health())?.status).toBe(200)
})
