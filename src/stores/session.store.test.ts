import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeBackend, memoryStorage } from '../../tests/fixtures/fake-backend.ts'
import { openDeviceStore } from '@/device/device-store.ts'
import { AppError } from '@/data/errors.ts'
import { useSessionStore } from './session.store.ts'

const origin = 'http://test'

describe('session store', () => {
  let server: FakeBackend
  let storage: Storage
  let session: ReturnType<typeof useSessionStore>
  const start = () => session.start({ fetch: server.fetch, origin, storage })
  const freshPage = () => {
    setActivePinia(createPinia())
    session = useSessionStore()
  }
  beforeEach(() => {
    vi.stubGlobal('indexedDB', undefined)
    server = new FakeBackend()
    storage = memoryStorage()
    freshPage()
  })
  const error = (promise: Promise<unknown>): Promise<AppError> =>
    promise.then(
      () => expect.unreachable('it should fail'),
      (failure: unknown) => {
        expect(failure).toBeInstanceOf(AppError)
        return failure as AppError
      },
    )

  it('starts signed out, signs in, and finds the session again', async () => {
    await start()
    expect(session.status).toBe('signed-out')
    await session.signIn(' leader@test ', 'right')
    expect(session.status).toBe('signed-in')
    expect(session.email).toBe('leader@test')
    expect(session.hasRole('leader')).toBe(true)
    expect(session.scope).toBe(`instance|${server.userId}|scope-1`)
    freshPage()
    await start()
    expect(session.status).toBe('signed-in')
  })

  it('refuses a wrong password and stays signed out', async () => {
    await start()
    const failure = await error(session.signIn('leader@test', 'wrong'))
    expect([failure.kind, failure.code]).toEqual(['unauthorized', 'invalid_credentials'])
    expect(session.status).toBe('signed-out')
  })

  it('tells offline and too many tries from a wrong password', async () => {
    await start()
    server.failing = { token: 'offline' }
    expect((await error(session.signIn('a', 'b'))).kind).toBe('offline')
    server.failing = { token: 429 }
    expect((await error(session.signIn('a', 'b'))).kind).toBe('rate-limited')
  })

  it('signs out with the device forgetting the session', async () => {
    await start()
    await session.signIn('leader@test', 'right')
    await session.signOut()
    expect([session.status, session.signedOutReason, session.scope]).toEqual([
      'signed-out',
      'left',
      null,
    ])
    expect(storage.length).toBe(0)
  })

  it('renews an expired token once for calls refused together', async () => {
    await start()
    await session.signIn('leader@test', 'right')
    server.renewTokens()
    server.calls = []
    await Promise.all([session.refreshContext(), session.refreshContext()])
    expect(server.calls.filter((call) => call === 'token')).toHaveLength(1)
    expect(session.status).toBe('signed-in')
  })

  it('ends a session that cannot be renewed and says why', async () => {
    await start()
    await session.signIn('leader@test', 'right')
    server.renewTokens()
    server.failing = { token: 400 }
    expect((await error(session.refreshContext())).kind).toBe('unauthorized')
    expect([session.status, session.signedOutReason]).toEqual(['signed-out', 'expired'])
    // the form needs the password alone; whoever signs out leaves nothing
    expect([session.email, session.returnEmail]).toEqual([null, 'leader@test'])
    server.failing = {}
    await session.signIn('leader@test', 'right')
    await session.signOut()
    expect(session.returnEmail).toBeNull()
  })

  it('keeps the session when the renewal meets no server', async () => {
    await start()
    await session.signIn('leader@test', 'right')
    server.renewTokens()
    server.failing = { token: 429 }
    // auth-js retries for 30 seconds.
    vi.useFakeTimers()
    const failure = error(session.refreshContext())
    await vi.advanceTimersByTimeAsync(60_000)
    expect((await failure).kind).toBe('offline')
    vi.useRealTimers()
    expect(session.status).toBe('signed-in')
    expect(storage.length).toBe(1)
  })

  it('changes the password only with the current one', async () => {
    await start()
    await session.signIn('leader@test', 'right')
    const failure = await error(session.changePassword('wrong', 'longer than before'))
    expect(failure.code).toBe('wrong_password')
    expect(session.status).toBe('signed-in')
    expect(server.password).toBe('right')
    expect(server.calls.filter((call) => call === 'token')).toHaveLength(1)
    expect(await error(session.changePassword('right', 'password123'))).toMatchObject({
      kind: 'invalid',
      code: 'weak_common',
    })
    await session.changePassword('right', 'longer than before')
    expect(server.password).toBe('longer than before')
    await session.refreshContext()
  })

  it('lists one’s sessions, ends one, and all others', async () => {
    await start()
    await session.signIn('leader@test', 'right')
    const ids = async () => (await session.ownSessions()).map(({ id }) => id)
    await session.endSession('there')
    expect(await ids()).toEqual(['here', 'elsewhere'])
    await session.endSession('there')
    server.failing = { logout: 500 }
    expect((await error(session.endOtherSessions())).kind).toBe('server')
    expect(await ids()).toEqual(['here', 'elsewhere'])
    server.failing = {}
    await session.endOtherSessions()
    expect(await ids()).toEqual(['here'])
    expect(session.status).toBe('signed-in')
  })

  it('waits while the city is loaded', async () => {
    server.failing = { '/config.json': 503 }
    const started = start()
    await vi.waitFor(() => expect(session.wait).toMatchObject({ reason: 'preparing', attempt: 1 }))
    server.failing = {}
    await started
    expect([session.wait, session.status]).toEqual([null, 'signed-out'])
  })

  it('says when the configuration is none', async () => {
    server.config = () => ({ instanceId: '' }) as unknown as ReturnType<FakeBackend['config']>
    await start()
    expect(session.startError).toMatchObject({ kind: 'server', code: 'bad_config' })
  })

  describe('on a device that keeps who signed in', () => {
    beforeEach(() => vi.stubGlobal('indexedDB', new IDBFactory()))
    const open = async () => {
      freshPage()
      await session.start({
        fetch: server.fetch,
        origin,
        storage,
        device: openDeviceStore(),
      })
    }
    /** A stored access token that expired long ago. */
    const expireToken = () => {
      const key = storage.key(0)!
      const kept = JSON.parse(storage.getItem(key)!) as Record<string, unknown>
      storage.setItem(key, JSON.stringify({ ...kept, expires_at: 1_000_000 }))
    }
    const offline = {
      '/config.json': 'offline',
      token: 'offline',
      session_context: 'offline',
    } as const

    it('opens signed in without a network, with an expired token too', async () => {
      await open()
      await session.signIn('leader@test', 'right')
      expireToken()
      server.failing = offline
      const began = performance.now()
      await open()
      expect([session.status, session.verified, session.email]).toEqual([
        'signed-in',
        false,
        'leader@test',
      ])
      expect(session.context?.displayName).toBe('Leader')
      expect((await error(session.refreshContext())).kind).toBe('offline')
      expect(performance.now() - began).toBeLessThan(1000)
      expect(session.status).toBe('signed-in')
    })

    it('confirms what it kept once the server answers', async () => {
      await open()
      await session.signIn('leader@test', 'right')
      expireToken()
      server.failing = offline
      await open()
      server.scopeKey = 'scope-2'
      server.failing = {}
      await vi.waitFor(() => expect(session.verified).toBe(true))
      expect(session.scope).toBe(`instance|${server.userId}|scope-2`)
    })

    it('takes the city’s new street map while it is open, and keeps it for the next start', async () => {
      await open()
      await session.signIn('leader@test', 'right')
      const before = server.config()
      const basemap = { url: '/basemap/new.pmtiles', attribution: 'Survey' }
      server.config = () => ({ ...before, city: { ...before.city, basemap } }) as never
      await session.lookAtCity()
      expect([session.config?.city.basemap, session.status]).toEqual([basemap, 'signed-in'])
      server.failing = offline
      await open()
      expect(session.config?.city.basemap).toEqual(basemap)
    })

    it('is ended by the auth server alone, and then names whose work waits', async () => {
      await open()
      await session.signIn('leader@test', 'right')
      await session.keepUnsent(3)
      expireToken()
      server.failing = { token: 403 }
      const refusal = server.hold('token')
      await open()
      expect(session.status).toBe('signed-in')
      refusal.release()
      await vi.waitFor(() => expect(session.status).toBe('signed-out'))
      const waiting = { userId: server.userId, unsent: 3, name: 'Leader' }
      await vi.waitFor(() => expect(session.interrupted).toEqual(waiting))
      server.failing = offline
      await open()
      expect([session.status, session.interrupted]).toEqual(['signed-out', waiting])
    })

    it('asks to sign in when the database behind the address is another one', async () => {
      await open()
      await session.signIn('leader@test', 'right')
      const config = server.config()
      server.config = () => ({ ...config, instanceId: 'restored' })
      await open()
      await vi.waitFor(() => expect(session.status).toBe('signed-out'))
      expect(session.config?.instanceId).toBe('restored')
      await session.signIn('leader@test', 'right')
      expect(session.scope).toBe(`restored|${server.userId}|scope-1`)
    })

    it('stays signed out after leaving without a network', async () => {
      await open()
      await session.signIn('leader@test', 'right')
      expireToken()
      server.failing = offline
      await open()
      await session.signOut()
      expect(storage.length).toBe(0)
      await open()
      expect([session.status, session.interrupted]).toEqual(['signed-out', null])
      server.failing = {}
      await open()
      expect(session.status).toBe('signed-out')
    })

    it('shows that nobody is here only once the disk knows it', async () => {
      const device = openDeviceStore()
      let written = false
      const slow: typeof device = {
        ...device,
        async changePerson(...change) {
          await new Promise((resolve) => setTimeout(resolve, 30))
          await device.changePerson(...change)
          written = true
        },
      }
      freshPage()
      await session.start({ fetch: server.fetch, origin, storage, device: slow })
      await session.signIn('leader@test', 'right')
      const shown: boolean[] = []
      session.$subscribe(() => session.status === 'signed-out' && shown.push(written), {
        flush: 'sync',
      })
      await session.signOut()
      expect(shown.length).toBeGreaterThan(0)
      expect(shown).not.toContain(false)
    })

    it('is not brought back by an answer that comes after leaving', async () => {
      await open()
      await session.signIn('leader@test', 'right')
      const answer = server.hold('session_context')
      await open()
      expect([session.status, session.verified]).toEqual(['signed-in', false])
      await vi.waitFor(() => expect(answer.isAsked()).toBe(true))
      await session.signOut()
      answer.release()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(session.status).toBe('signed-out')
      expect(await openDeviceStore().readPerson('instance')).toMatchObject({ state: 'left' })
    })
  })
})
