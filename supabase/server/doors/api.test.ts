import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import type { Secrets } from '../base/secrets.ts'
import { signToken } from '../testing/kit.ts'
import { FairQueue } from '../wire/fair-queue.ts'
import type { FairQueueOptions } from '../wire/fair-queue.ts'
import { createApi } from './api.ts'
import type { ApiOptions } from './api.ts'
import { JournalFull } from '../journal/journal.ts'

const secrets: Secrets = {
  jwtSecret: 'a secret of this test',
  publishableKey: 'key',
  secretKey: 'x',
  apiPassword: 'x',
}
const alice = '01a209e9-acec-75a9-b5c6-8f54bf08c4d7'
const session = '01a209e9-acec-75a9-b5c6-8f54bf08c4d9'
const bob = '01a209e9-acec-75a9-b5c6-8f54bf08c4d8'
const nobody = '01a209e9-acec-75a9-b5c6-8f54bf08c4da'

const noDesk = {} as ApiOptions['imports']
const aPhoto = async () => new Response('a photo')

function signedIn(): string {
  const exp = Date.now() / 1000 + 300
  const claims = { sub: alice, session_id: session, role: 'authenticated', exp }
  return JSON.stringify({ access_token: signToken(claims, secrets.jwtSecret) })
}

/** An API on a database that answers 200, with records of both database and disk. */
function apiWithFakes({
  isPasswordChanged = false,
  isDiskFull = false,
  answer = '',
  status = 200,
  whenAsked = async (): Promise<void> => undefined,
  kept = null,
  queue = {},
}: {
  isPasswordChanged?: boolean
  isDiskFull?: boolean
  answer?: string
  status?: number
  /** Runs before the database answers. */
  whenAsked?: () => Promise<void>
  /** The backend keeps this answer for everything. */
  kept?: string | null
  queue?: Partial<FairQueueOptions>
} = {}) {
  const asked: string[] = []
  const keptMonths: string[] = []
  const closing: (() => void)[] = []
  const checkCanary = vi.fn(async () => undefined)
  let askedHeaders: string[] = []
  let journaledBytes = 0
  const api = createApi({
    backend: {
      isReady: true,
      async fetch({ url, headers, body }) {
        askedHeaders = headers.map(([name]) => name)
        asked.push(
          `${url.replace('http://127.0.0.1', '')} ${new TextDecoder().decode(body ?? new ArrayBuffer(0))}`,
        )
        // A sign-in returns a session.
        const text = url.includes('/token?grant_type=password') ? signedIn() : answer
        await whenAsked()
        return { status, headers: [], body: new TextEncoder().encode(text).buffer }
      },
      checkCanary,
      receive: async () => null,
      months: async () => kept,
      async columns(_, months, encoding) {
        keptMonths.push(`${months.join()} ${encoding}`)
        return kept === null ? null : { body: new TextEncoder().encode(kept).buffer, encoding }
      },
    },
    database: () => ({
      async query<T>(sql: string, [user]: readonly unknown[] = []) {
        if (sql.includes('memberships')) return (user === nobody ? [] : [{ found: 1 }]) as T[]
        const isCompleting = sql.includes('update auth.sessions')
        if (sql.includes('delete from auth.sessions')) return [{ id: session }] as T[]
        return (isCompleting && !isPasswordChanged ? [{ one: 1 }] : []) as T[]
      },
      exec: async () => undefined,
      transaction: () => Promise.reject(new Error('not here')),
      close: async () => undefined,
    }),
    journal: {
      async append({ body }) {
        if (isDiskFull) throw new JournalFull()
        journaledBytes += body.length
        return () => undefined
      },
    },
    secrets,
    queue: new FairQueue({
      maxUnderWay: 2,
      maxPerPerson: 1,
      maxWaitingPerPerson: 200,
      maxWaitMs: 1e4,
      ...queue,
    }),
    photos: { upload: aPhoto, read: aPhoto, info: aPhoto },
    publishing: {
      mayPublish: async () => false,
      state: () => Promise.reject(new Error('not here')),
      publish: () => Promise.reject(new Error('not here')),
      withdraw: async () => false,
    },
    reports: { list: async () => [], read: async () => null },
    imports: noDesk,
    acceptsDemoAccounts: ({ viaProxy }) => !viaProxy,
    onChange: () => undefined,
    onUnjournaledChange: () => undefined,
  })
  const call = async (
    path: string,
    body: string | ReadableStream<Uint8Array> | null,
    {
      user = alice,
      email = 'a@b.example',
      viaProxy = false,
      method = 'POST',
      type = 'application/json',
      session: of = randomUUID() as string,
      key = 'key',
      isKeptOpen = false,
      address = '127.0.0.1',
      accepted = '',
    } = {},
  ) => {
    const exp = Date.now() / 1000 + 300
    const jwt = signToken(
      { sub: user, session_id: of, email, role: 'authenticated', exp },
      secrets.jwtSecret,
    )
    const headers: Record<string, string> = {
      apikey: key,
      'accept-profile': 'auth',
      authorization: `Bearer ${jwt}`,
      'content-type': type,
      ...(accepted && { 'accept-encoding': accepted }),
    }
    const init = { method, headers, body, duplex: 'half' } as RequestInit
    const request = new Request(`http://127.0.0.1${path}`, init)
    return api.fetch(request, {
      peer: { address, viaProxy, sharesAddress: false },
      ...(isKeptOpen && { onClosed: (listener: () => void) => void closing.push(listener) }),
    })
  }
  return {
    call,
    asked,
    keptMonths,
    closing,
    checkCanary,
    askedHeaders: () => askedHeaders,
    journaledBytes: () => journaledBytes,
  }
}

const list = '/rest/v1/rpc/incident_list'
const deep = '['.repeat(65)

test.each([
  ['a string given for json', list, JSON.stringify({ p_filter: deep }), {}, 400],
  ['json itself', list, `{"p_filter":${deep}${']'.repeat(65)}}`, {}, 400],
  ['a string among others', list, JSON.stringify({ p_limit: 1, p_after: ` ${deep}` }), {}, 400],
  ['arguments without names', list, JSON.stringify([deep]), {}, 400],
  ['a body that is no object', list, JSON.stringify(deep), {}, 400],
  ['no body', list, '', {}, 400],
  ['a form', list, `p_filter=${deep}`, { type: 'application/x-www-form-urlencoded' }, 400],
  ['a CSV', list, `p_filter\n${deep}`, { type: 'text/csv' }, 400],
  ['the address', `${list}?p_filter=${deep}`, '{}', {}, 400],
  ['a filter of the answer', `${list}?incident_list=cs.${deep}`, '{}', {}, 400],
  ['GET', `${list}?p_filter=${deep}`, null, { method: 'GET' }, 405],
  ['HEAD', `${list}?p_filter=${deep}`, null, { method: 'HEAD' }, 405],
  ['a table', `/rest/v1/incidents?description=eq.${deep}`, null, { method: 'GET' }, 404],
  ['a row of a table', '/rest/v1/incidents', JSON.stringify({ description: deep }), {}, 404],
  [
    'sign-in',
    '/auth/v1/token?grant_type=password',
    `{"email":"a@b","x":${deep}${']'.repeat(65)}}`,
    {},
    400,
  ],
] as const)('nesting does not reach the database by %s', async (_, path, body, how, status) => {
  const { call, asked } = apiWithFakes()
  expect((await call(path, body, how)).status).toBe(status)
  expect(asked).toEqual([])
})

test('what the app asks passes as it is, whatever it calls itself', async () => {
  const { call, asked } = apiWithFakes()
  const body = JSON.stringify({
    p_filter: { areas: ['[['] },
    p_sort: 'reported_desc',
    p_after: null,
  })
  expect((await call(list, body, { type: 'text/csv' })).status).toBe(200)
  expect(asked).toEqual([`${list} ${body}`])
})

const columns = '/rest/v1/rpc/incident_columns'

test('months come from what the backend keeps, as it compressed them', async () => {
  const kept = 'x'.repeat(5000)
  const { call, asked, keptMonths } = apiWithFakes({ kept })
  const body = JSON.stringify({ p_months: ['2026-03', '2026-04'] })
  const answer = await call(columns, body, { accepted: 'gzip, br' })
  expect(answer.headers.get('content-encoding')).toBe('br')
  expect(answer.headers.get('vary')).toBe('accept-encoding')
  // it was not compressed again
  expect(await answer.text()).toBe(kept)
  expect(await (await call('/rest/v1/rpc/incident_months', '{}')).text()).toBe(kept)
  expect(keptMonths).toEqual(['2026-03,2026-04 br'])
  expect(asked).toEqual([])
})

test.each([
  ['what it does not keep', columns, { p_months: ['2026-03'] }, null],
  ['a month that is none', columns, { p_months: ['2026-13'] }, 'kept'],
  ['a month of no year', columns, { p_months: ['0000-01'] }, 'kept'],
  ['no months', columns, { p_months: [] }, 'kept'],
  ['too many months', columns, { p_months: Array.from({ length: 121 }, () => '2026-03') }, 'kept'],
  ['months within a list', columns, { p_months: [['2026-03']] }, 'kept'],
  ['another argument', columns, { p_months: ['2026-03'], p_more: 1 }, 'kept'],
  ['an argument of the listing', '/rest/v1/rpc/incident_months', { p_more: 1 }, 'kept'],
  ['another function', list, {}, 'kept'],
] as const)('the database itself judges %s', async (_, path, args, kept) => {
  const { call, asked } = apiWithFakes({ kept })
  await call(path, JSON.stringify(args))
  expect(asked).toEqual([`${path} ${JSON.stringify(args)}`])
})

test('commands under another path than theirs are neither journaled nor asked', async () => {
  const { call, asked, journaledBytes } = apiWithFakes()
  const body = JSON.stringify({ p_commands: [{ id: alice }] })
  expect((await call('/rest/v1/apply_commands', body)).status).toBe(404)
  expect([asked, journaledBytes()]).toEqual([[], 0])
  expect((await call('/rest/v1/rpc/apply_commands', body)).status).toBe(200)
  expect(journaledBytes()).toBe(body.length)
})

test('an escaped path is the same function: its commands are journaled, and asked by its plain name', async () => {
  const { call, asked, journaledBytes } = apiWithFakes()
  const body = JSON.stringify({ p_commands: [{ id: alice }] })
  expect((await call('/rest/v1/rpc/apply%5Fcommands', body)).status).toBe(200)
  expect(journaledBytes()).toBe(body.length)
  expect((await call('/rest/v1/rpc/incident%5Flist', '{}')).status).toBe(200)
  expect(asked).toEqual([`/rest/v1/rpc/apply_commands ${body}`, `${list} {}`])
  expect((await call('/rest/v1/rpc/apply%255Fcommands', body)).status).toBe(404)
})

test('a second grant in the address does not reach the database', async () => {
  const { call, asked } = apiWithFakes()
  const signIn = JSON.stringify({ email: 'a@b.example', password: 'x' })
  const both = '/auth/v1/token?grant_type=password&grant_type=id_token'
  expect((await call(both, signIn)).status).toBe(200)
  expect(asked).toEqual([`/auth/v1/token?grant_type=password ${signIn}`])
})

test('a session begun with a password that was changed meanwhile is not handed out', async () => {
  const signIn = JSON.stringify({ email: 'a@b.example', password: 'x' })
  const token = '/auth/v1/token?grant_type=password'
  for (const isPasswordChanged of [false, true]) {
    const { call } = apiWithFakes({ isPasswordChanged })
    const answer = await call(token, signIn)
    expect(answer.status).toBe(isPasswordChanged ? 400 : 200)
    expect((await answer.text()).includes('access_token')).toBe(!isPasswordChanged)
    const own = await call(list, '{}', { session })
    expect(own.status).toBe(isPasswordChanged ? 401 : 200)
  }
})

test.each([
  ['PUT', '/auth/v1/user'],
  ['POST', '/auth/v1/logout'],
  ['POST', list],
])('no body of %s %s is read for a caller who is refused', async (method, path) => {
  const { call } = apiWithFakes()
  const body = 'x'.repeat(2_000_000)
  expect((await call(path, body, { method })).status).toBe(413)
  expect((await call(path, body, { method, user: 'nobody' })).status).toBe(401)
})

test('a call of more than 200 commands is not journaled', async () => {
  const { call, journaledBytes } = apiWithFakes()
  const body = (length: number) => JSON.stringify({ p_commands: Array(length).fill({}) })
  expect((await call('/rest/v1/rpc/apply_commands', body(201))).status).toBe(413)
  expect(journaledBytes()).toBe(0)
  expect((await call('/rest/v1/rpc/apply_commands', body(200))).status).toBe(200)
})

test('nobody fills the disk: journaled bytes are counted by user', async () => {
  const { call, journaledBytes } = apiWithFakes()
  const body = JSON.stringify({ p_commands: ['x'.repeat(1_000_000)] })
  let answer = await call('/rest/v1/rpc/apply_commands', body)
  for (let i = 0; i < 100 && answer.ok; i++)
    answer = await call('/rest/v1/rpc/apply_commands', body)
  expect(answer.status).toBe(429)
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(journaledBytes()).toBeLessThan(70_000_000)
  expect((await call('/rest/v1/rpc/apply_commands', body, { user: bob })).status).toBe(200)
})

test('through a proxy nobody told us about the demo accounts are refused', async () => {
  const { call } = apiWithFakes()
  const demo = { email: 'admin@wangge.demo' }
  const signIn = JSON.stringify({ ...demo, password: 'wangge-demo' })
  const token = '/auth/v1/token?grant_type=password'
  expect((await call(token, signIn)).status).toBe(200)
  expect((await call(token, signIn, { viaProxy: true })).status).toBe(403)
  for (const path of ['/rest/v1/rpc/session_context', '/storage/v1/object/photos/x.jpg']) {
    expect((await call(path, '{}', demo)).status).toBe(200)
    expect((await call(path, '{}', { ...demo, viaProxy: true })).status).toBe(403)
  }
})

test('a full disk is said with 507 and when to come back; the database is not asked', async () => {
  const { call, asked } = apiWithFakes({ isDiskFull: true })
  const body = JSON.stringify({ p_commands: [{ id: alice }] })
  const answer = await call('/rest/v1/rpc/apply_commands', body)
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([507, '60'])
  expect(await answer.json()).toMatchObject({ code: 'server_disk_full' })
  expect(asked).toEqual([])
})

test('a person without a role is refused by the database and not journaled; what was applied all the same is', async () => {
  const body = JSON.stringify({ p_commands: [{ id: nobody }] })
  const refusing = apiWithFakes({ answer: '[{"outcome":"rejected"}]' })
  const refused = await refusing.call('/rest/v1/rpc/apply_commands', body, { user: nobody })
  expect(await refused.json()).toEqual([{ outcome: 'rejected' }])
  expect([refusing.asked.length, refusing.journaledBytes()]).toEqual([1, 0])
  const applying = apiWithFakes({ answer: '[{"outcome": "rejected"},{"outcome": "applied"}]' })
  await applying.call('/rest/v1/rpc/apply_commands', body, { user: nobody })
  expect(applying.journaledBytes()).toBe(body.length)
})

const signInPath = '/auth/v1/token?grant_type=password'
const refreshPath = '/auth/v1/token?grant_type=refresh_token'
const credentials = JSON.stringify({ email: 'a@b.example', password: 'x' })

test('another key opens nothing', async () => {
  const { call, asked } = apiWithFakes()
  for (const key of ['other', '']) expect((await call(list, '{}', { key })).status).toBe(401)
  expect(asked).toEqual([])
})

test('no cache keeps an answer or a refusal, and no header chooses another schema', async () => {
  const { call, askedHeaders } = apiWithFakes()
  for (const answer of [
    await call(list, '{}'),
    await call(list, ''),
    await call('/auth/v1/sessions', null, { method: 'GET' }),
    await call('/auth/v1/logout?scope=local', '{}'),
  ])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  await call(list, '{}')
  expect(askedHeaders()).toEqual(['apikey', 'authorization', 'content-type'])
})

test('a failed statement has the database looked at', async () => {
  const well = apiWithFakes()
  await well.call(list, '{}')
  expect(well.checkCanary).not.toHaveBeenCalled()
  const sick = apiWithFakes({ status: 500 })
  await sick.call(list, '{}')
  expect(sick.checkCanary).toHaveBeenCalledOnce()
})

test('a person has so many answers open, and gets on when one is closed', async () => {
  const { call, closing } = apiWithFakes()
  const open = () => call(list, '{}', { isKeptOpen: true }).then(({ status }) => status)
  for (let n = 0; n < 24; n++) expect(await open()).toBe(200)
  const refused = await call(list, '{}', { isKeptOpen: true })
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
  expect((await call(list, '{}', { isKeptOpen: true, user: bob })).status).toBe(200)
  closing[0]!()
  expect([await open(), await open()]).toEqual([200, 429])
})

test('a person’s calls wait for each other, another person’s do not; too many get Retry-After', async () => {
  const answering = Promise.withResolvers<void>()
  const { call, asked } = apiWithFakes({
    whenAsked: () => answering.promise,
    queue: { maxWaitingPerPerson: 2 },
  })
  const answered: Response[] = []
  const calls = Array.from({ length: 4 }, () =>
    call(list, '{}').then((answer) => answered.push(answer)),
  )
  await expect.poll(() => answered.map(({ status }) => status)).toEqual([429])
  expect(Number(answered[0]!.headers.get('retry-after'))).toBeGreaterThan(0)
  const others = call(list, '{}', { user: bob })
  await expect.poll(() => asked.length).toBe(2)
  answering.resolve()
  await Promise.all(calls)
  expect(answered.map(({ status }) => status)).toEqual([429, 200, 200, 200])
  expect((await others).status).toBe(200)
})

test('a body that does not come in twenty seconds is given up', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    const { call } = apiWithFakes()
    let status = 0
    const reading = Promise.withResolvers<void>()
    const body = new ReadableStream<Uint8Array>(
      { pull: () => reading.resolve() },
      { highWaterMark: 0 },
    )
    void call(list, body).then((answer) => (status = answer.status))
    await reading.promise
    await vi.advanceTimersByTimeAsync(19_000)
    expect(status).toBe(0)
    await vi.advanceTimersByTimeAsync(2_000)
    for (let n = 0; n < 1_000 && status === 0; n++) await new Promise(setImmediate)
    expect(status).toBe(408)
  } finally {
    vi.useRealTimers()
  }
})

test('refreshes of one address are counted', async () => {
  const { call } = apiWithFakes()
  const refresh = (address = '6.6.6.6') =>
    call(refreshPath, '{}', { address }).then(({ status }) => status)
  const statuses: number[] = []
  for (let n = 0; n < 150; n++) statuses.push(await refresh())
  expect(statuses.indexOf(429)).toBeGreaterThanOrEqual(120)
  expect(await refresh('7.7.7.7')).toBe(200)
})

test('tries of a password are counted', async () => {
  const { call } = apiWithFakes({ status: 400 })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    const answers = Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        call(signInPath, credentials, { address: `6.6.6.${n}` }),
      ),
    )
    const here = Promise.all(Array.from({ length: 12 }, () => call(signInPath, credentials)))
    await vi.advanceTimersByTimeAsync(60_000)
    expect((await answers).map(({ status }) => status)).toEqual(Array(12).fill(400))
    expect((await here).map(({ status }) => status)).toEqual([
      ...Array<number>(10).fill(400),
      429,
      429,
    ])
  } finally {
    vi.useRealTimers()
  }
})

test('a refusal of a password comes no sooner for an account that does not exist', async () => {
  const { call } = apiWithFakes({ status: 400 })
  const change = JSON.stringify({ password: 'y', current_password: 'x' })
  for (const [path, body, how, status] of [
    [signInPath, credentials, {}, 400],
    // the fake database knows no account, so nothing is compared
    ['/auth/v1/user', change, { method: 'PUT' }, 422],
  ] as const) {
    const began = performance.now()
    expect((await call(path, body, how)).status).toBe(status)
    expect(performance.now() - began).toBeGreaterThan(490)
  }
})

test('ends of sessions are counted by person', async () => {
  const { call } = apiWithFakes()
  const end = (user = alice) =>
    call(`/auth/v1/sessions/${session}`, null, { method: 'DELETE', user })
  const statuses: number[] = []
  for (let n = 0; n < 70; n++) statuses.push((await end()).status)
  expect(statuses.indexOf(429)).toBeGreaterThanOrEqual(60)
  expect((await end(bob)).status).toBe(204)
})
