import { createHash } from 'node:crypto'
import { hash } from 'bcryptjs'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { jpegFile } from '../../../tests/fixtures/photo-files.ts'
import { findPostgres, startCluster } from '../../tests/harness/cluster.ts'
import type { Cluster } from '../../tests/harness/cluster.ts'
import { addPerson } from '../owner/people.ts'
import { startServer } from '../start/server.ts'
import type { RunningServer } from '../start/server.ts'
import { goodPassword, loadSmallCity, secretsOf, send, settingsIn } from '../testing/kit.ts'
import { folderWithSmallCity } from '../testing/small-city.ts'

const newPassword = 'seven lanterns over granite'
// the least cost there is: some two hundred sign-ins check it
const passwordHash = await hash(goodPassword, 4)
const found = findPostgres()
const tiers = [
  { tier: 'embedded', isHere: true },
  { tier: 'postgres', isHere: 'bin' in found },
] as const

interface Session {
  access: string
  refresh: string
}
interface ListedSession {
  id: string
  userAgent: string | null
  startedAt: string
  lastUsedAt: string
  isThis: boolean
}

for (const { tier, isHere } of tiers) {
  describe.runIf(isHere)(`one’s own sessions and password, ${tier}`, () => {
    let folder: Awaited<ReturnType<typeof folderWithSmallCity>>
    let cluster: Cluster | null = null
    let server: RunningServer
    /** Each test has its own person, and so its own limits. */
    let email: string
    let people = 0
    let photo: string

    const start = () => {
      const env: Record<string, string> = cluster ? { DATABASE_URL: cluster.url } : {}
      // the folder holds a city already, the cluster does not
      return startServer(settingsIn(folder.path, env), { loadCity: loadSmallCity })
    }
    beforeAll(async () => {
      folder = await folderWithSmallCity(`own-account-${tier}`)
      if (tier === 'postgres') cluster = await startCluster('bin' in found ? found.bin : '')
      server = await start()
    })
    afterAll(async () => {
      await server?.close()
      await cluster?.stop()
      folder?.remove()
    })
    beforeEach(async () => {
      people += 1
      email = `person${people}@city.example`
      const person = { email, displayName: 'P', passwordHash }
      const owner = await addPerson(server.database(), person, { role: 'admin', areaCode: 'CITY' })
      const bytes = jpegFile({ seed: people })
      const name = createHash('sha256').update(bytes).digest('hex')
      photo = `/storage/v1/object/photos/${owner}/${name}.jpg`
      const { access } = await signedIn()
      const headers = { ...headersOf(access), 'content-type': 'image/jpeg' }
      expect((await send(server.port, 'POST', photo, { headers, body: bytes })).status).toBe(200)
      await logout(access, 'global')
    })

    function headersOf(access = ''): Record<string, string> {
      const { publishableKey: apikey } = secretsOf(folder.path)
      const authorization = access && { authorization: `Bearer ${access}` }
      return { apikey, 'content-type': 'application/json', ...authorization }
    }
    const signIn = (password = goodPassword, userAgent = 'a browser') =>
      send(server.port, 'POST', '/auth/v1/token?grant_type=password', {
        headers: { ...headersOf(), 'user-agent': userAgent },
        body: JSON.stringify({ email, password }),
      })
    async function signedIn(userAgent?: string): Promise<Session> {
      const { status, json } = await signIn(goodPassword, userAgent)
      expect(status).toBe(200)
      return { access: json.access_token as string, refresh: json.refresh_token as string }
    }
    const logout = (access: string, scope: string) =>
      send(server.port, 'POST', `/auth/v1/logout?scope=${scope}`, { headers: headersOf(access) })
    const change = (access: string, body: object) =>
      send(server.port, 'PUT', '/auth/v1/user', {
        headers: headersOf(access),
        body: JSON.stringify(body),
      })
    const refresh = (token: string) =>
      send(server.port, 'POST', '/auth/v1/token?grant_type=refresh_token', {
        headers: headersOf(),
        body: JSON.stringify({ refresh_token: token }),
      })
    async function sessionsOf(access: string): Promise<ListedSession[]> {
      const answer = await send(server.port, 'GET', '/auth/v1/sessions', {
        headers: headersOf(access),
      })
      expect(answer.status).toBe(200)
      return JSON.parse(answer.text) as ListedSession[]
    }
    const endSession = (access: string, id: string) =>
      send(server.port, 'DELETE', `/auth/v1/sessions/${id}`, { headers: headersOf(access) })

    /** Statuses of a function, a photo, the account and the sessions. */
    async function statuses(access: string): Promise<number[]> {
      const headers = headersOf(access)
      const answers = [
        send(server.port, 'POST', '/rest/v1/rpc/session_context', { headers, body: '{}' }),
        send(server.port, 'GET', photo, { headers }),
        send(server.port, 'GET', '/auth/v1/user', { headers }),
        send(server.port, 'GET', '/auth/v1/sessions', { headers }),
      ]
      return (await Promise.all(answers)).map(({ status }) => status)
    }
    const open = [200, 200, 200, 200]
    const shut = [401, 401, 401, 401]

    test('a new password ends every other session at once, and only the new one opens', async () => {
      const here = await signedIn()
      const there = await signedIn()
      expect(await statuses(there.access)).toEqual(open)
      const answer = await change(here.access, {
        password: newPassword,
        current_password: goodPassword,
        code_challenge: null,
      })
      expect([answer.status, answer.json.email]).toEqual([200, email])
      expect(await statuses(there.access)).toEqual(shut)
      expect((await refresh(there.refresh)).status).toBe(400)
      expect(await statuses(here.access)).toEqual(open)
      expect((await refresh(here.refresh)).status).toBe(200)
      expect((await signIn(goodPassword)).status).toBe(400)
      expect((await signIn(newPassword)).status).toBe(200)
    })

    test('signing out ends the access token at once, and no other session', async () => {
      const here = await signedIn()
      const there = await signedIn()
      expect((await logout(here.access, 'local')).status).toBe(204)
      expect(await statuses(here.access)).toEqual(shut)
      expect((await refresh(here.refresh)).status).toBe(400)
      expect(await statuses(there.access)).toEqual(open)
    })

    test('signing out everywhere ends all sessions of the person alone', async () => {
      const one = await signedIn()
      const two = await signedIn()
      email = 'admin@wangge.demo'
      const { json } = await signIn('wangge-demo')
      expect((await logout(one.access, 'global')).status).toBe(204)
      expect(await statuses(one.access)).toEqual(shut)
      expect(await statuses(two.access)).toEqual(shut)
      expect((await refresh(two.refresh)).status).toBe(400)
      expect((await statuses(json.access_token as string))[0]).toBe(200)
    })

    test('signing out elsewhere keeps the session that asks', async () => {
      const here = await signedIn()
      const there = await signedIn()
      expect((await logout(here.access, 'others')).status).toBe(204)
      expect(await statuses(there.access)).toEqual(shut)
      expect(await statuses(here.access)).toEqual(open)
      expect((await logout(here.access, 'some')).status).toBe(400)
    })

    test('the list tells the sessions apart, and one of them is ended from it', async () => {
      const began = Date.now()
      const there = await signedIn('the phone')
      const here = await signedIn('the desk')
      const list = await sessionsOf(here.access)
      expect(list.map(({ userAgent, isThis }) => [userAgent, isThis])).toEqual([
        ['the desk', true],
        ['the phone', false],
      ])
      for (const { startedAt, lastUsedAt } of list) {
        expect(Date.parse(startedAt)).toBeGreaterThan(began - 60_000)
        expect(Date.parse(lastUsedAt)).toBeGreaterThanOrEqual(Date.parse(startedAt) - 1_000)
        expect(Date.parse(lastUsedAt)).toBeLessThan(Date.now() + 60_000)
      }
      expect((await endSession(here.access, list[1]!.id)).status).toBe(204)
      expect(await statuses(there.access)).toEqual(shut)
      expect(await sessionsOf(here.access)).toMatchObject([{ userAgent: 'the desk' }])
      expect((await endSession(here.access, list[1]!.id)).status).toBe(404)
      expect((await endSession(here.access, 'no-uuid')).status).toBe(404)
    })

    test('another person’s session is not ended, and looks as if it did not exist', async () => {
      const victim = await signedIn()
      const [session] = await sessionsOf(victim.access)
      email = 'admin@wangge.demo'
      const { json } = await signIn('wangge-demo')
      const thief = json.access_token as string
      expect((await endSession(thief, session!.id)).status).toBe(404)
      expect(await statuses(victim.access)).toEqual(open)
      expect((await sessionsOf(thief)).map(({ id }) => id)).not.toContain(session!.id)
    })

    // The door compares, counts and judges; a database only keeps the hash.
    if (tier === 'embedded')
      test('a wrong current password changes nothing and is counted', async () => {
        const here = await signedIn()
        const there = await signedIn()
        // a slow machine earns no further try meanwhile
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
        onTestFinished(() => void vi.useRealTimers())
        const wrong = { password: newPassword, current_password: 'wrong' }
        const first = await change(here.access, wrong)
        expect([first.status, first.json.code]).toEqual([422, 'current_password_mismatch'])
        for (const body of [{ password: newPassword }, { password: newPassword, nonce: '1' }])
          expect((await change(here.access, body)).status).toBeGreaterThanOrEqual(400)
        expect(await statuses(there.access)).toEqual(open)
        expect((await signIn(newPassword)).status).toBe(400)
        const rest = await Promise.all(Array.from({ length: 12 }, () => change(here.access, wrong)))
        expect(rest.filter(({ status }) => status === 422)).toHaveLength(9)
        const limited = rest.find(({ status }) => status === 429)
        expect(Number(limited?.headers['retry-after'])).toBeGreaterThan(0)
        const right = { password: newPassword, current_password: goodPassword }
        expect((await change(here.access, right)).status).toBe(429)
        expect((await signIn(goodPassword)).status).toBe(200)
      })

    if (tier === 'embedded')
      test.each([
        ['short', 'k7#Wq!9zp'],
        ['long', `${'Vq8#kLw2'.repeat(9)}x`],
        ['email', 'city.example-2026'],
        ['common', 'password123'],
      ])('a new password that is %s is refused with the reason', async (reason, password) => {
        const { access } = await signedIn()
        const there = await signedIn()
        const answer = await change(access, { password, current_password: goodPassword })
        expect([answer.status, answer.json.code]).toEqual([422, 'weak_password'])
        expect(answer.json.weak_password).toEqual({ reasons: [reason] })
        expect((await signIn(password)).status).toBe(400)
        expect((await signIn(goodPassword)).status).toBe(200)
        expect(await statuses(there.access)).toEqual(open)
      })

    test('72 bytes are taken whole: 71 of them do not open', async () => {
      const { access } = await signedIn()
      const password = 'Vq8#kLw2'.repeat(9)
      const answer = await change(access, { password, current_password: goodPassword })
      expect(answer.status).toBe(200)
      expect((await signIn(password.slice(0, 71))).status).toBe(400)
      expect((await signIn(password)).status).toBe(200)
    })

    test('the current password again is refused', async () => {
      const { access } = await signedIn()
      const same = { password: goodPassword, current_password: goodPassword }
      const answer = await change(access, same)
      expect([answer.status, answer.json.code]).toEqual([422, 'same_password'])
    })

    test('of two changes at once one wins, and the session of the other ends', async () => {
      const one = await signedIn()
      const two = await signedIn()
      const answers = await Promise.all(
        [one, two].map(({ access }, index) =>
          change(access, {
            password: `${newPassword} ${index}`,
            current_password: goodPassword,
          }),
        ),
      )
      const won = answers.findIndex(({ status }) => status === 200)
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect((await signIn(`${newPassword} ${won}`)).status).toBe(200)
      const winner = [one, two][won]!
      const loser = [two, one][won]!
      expect(await statuses(winner.access)).toEqual(open)
      expect(await statuses(loser.access)).toEqual(shut)
    })

    test('a sign-in with the old password at the moment of a change opens nothing', async () => {
      const { access } = await signedIn()
      const changing = change(access, { password: newPassword, current_password: goodPassword })
      const tries: { status: number; access: string }[] = []
      let isChanging = true
      void changing.then(() => (isChanging = false))
      while (isChanging) {
        const { status, json } = await signIn(goodPassword)
        tries.push({ status, access: json.access_token as string })
      }
      expect((await changing).status).toBe(200)
      for (const one of tries.filter(({ status }) => status === 200))
        expect(await statuses(one.access)).toEqual(shut)
      expect(await sessionsOf(access)).toHaveLength(1)
    })

    test('a restart revives no ended session', async () => {
      const ended = await signedIn()
      const kept = await signedIn()
      expect((await logout(ended.access, 'local')).status).toBe(204)
      await server.close()
      server = await start()
      expect(await statuses(ended.access)).toEqual(shut)
      expect((await refresh(ended.refresh)).status).toBe(400)
      expect(await statuses(kept.access)).toEqual(open)
    })

    // One's own Postgres keeps its own log.
    if (tier === 'embedded')
      test('nor does a power cut: the journal ends it again', async () => {
        const ended = await signedIn()
        const [session] = await sessionsOf(ended.access)
        const keep = 'create table wangge_server.before as select * from auth'
        await server.database().exec(`${keep}.sessions`)
        await server.database().exec(`${keep.replace('before', 'tokens')}.refresh_tokens`)
        expect((await logout(ended.access, 'local')).status).toBe(204)
        // As if the folder had not been synced: the sign-out is lost.
        await server.database().exec(
          `delete from wangge_server.ended_sessions where id = '${session!.id}';
         insert into auth.sessions select * from wangge_server.before where id = '${session!.id}';
         insert into auth.refresh_tokens
           select * from wangge_server.tokens where session_id = '${session!.id}';
         drop table wangge_server.before, wangge_server.tokens`,
        )
        await server.close()
        server = await start()
        expect(await statuses(ended.access)).toEqual(shut)
        expect((await refresh(ended.refresh)).status).toBe(400)
      })
  })
}
