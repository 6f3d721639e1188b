import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { createPinia, setActivePinia } from 'pinia'
import { createApp } from 'vue'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeBackend, memoryStorage } from '../../../tests/fixtures/fake-backend.ts'
import { KillableLocks } from '../../../tests/fixtures/outbox/killable-locks.ts'
import type { OwnIncident } from '@/data/field.repo.ts'
import type { IncidentDetail } from '@/data/incidents.repo.ts'
import { openOutbox } from '@/sync/index.ts'
import { useKeptDetailsStore } from './kept-details.store.ts'
import { useKeptPhotosStore } from './kept-photos.store.ts'
import { outboxOutsideKey, useOutboxStore } from './outbox.store.ts'
import { useSessionStore } from '../session.store.ts'

const at = '2026-03-01T08:00:00Z'
const detailOf = (id: string, version = 1): IncidentDetail => ({
  incident: {
    id,
    districtCode: 'A-1',
    categoryCode: 'c1',
    areaCode: 'A-2',
    departmentCode: null,
    stage: 'reported',
    onHold: false,
    severity: 2,
    lon: 1,
    lat: 1,
    description: `About ${id}`,
    addressLabel: '',
    reportedAt: at,
    closedAt: null,
    channel: 'app',
    version,
  },
  log: [
    {
      seq: 1,
      at,
      kind: 'reported',
      stageFrom: null,
      stageTo: null,
      note: '',
      actorName: null,
      data: null,
    },
  ],
  photos: [],
  canCorrect: true,
  canNote: true,
  canAsk: false,
})
/** The same incident in the list of My day. */
const ownOf = ({ incident, log }: IncidentDetail): OwnIncident =>
  ({
    id: incident.id,
    version: incident.version,
    stage: incident.stage,
    last: { at: log.at(-1)!.at },
  }) as OwnIncident

describe('kept details', () => {
  let server: FakeBackend
  let session: ReturnType<typeof useSessionStore>
  let outbox: ReturnType<typeof useOutboxStore>
  let details: ReturnType<typeof useKeptDetailsStore>
  const { signal } = new AbortController()
  const asked = () => server.calls.filter((call) => call === 'incident_detail').length

  beforeEach(async () => {
    server = new FakeBackend()
    const indexedDB = new IDBFactory()
    const locks = new KillableLocks()
    const pinia = createPinia()
    createApp({ render: () => null })
      .use(pinia)
      .provide(outboxOutsideKey, {
        open: (options) =>
          openOutbox({ ...options, indexedDB, keyRange: IDBKeyRange, locks: locks.client() }),
      })
    setActivePinia(pinia)
    session = useSessionStore()
    outbox = useOutboxStore()
    details = useKeptDetailsStore()
    await session.start({ fetch: server.fetch, origin: 'http://test', storage: memoryStorage() })
    await session.signIn('leader@test', 'right')
  })

  it('gives back what was read, as of then, until the server says that it is not to be seen', async () => {
    await details.keep('a', detailOf('a'), at)
    expect(await details.read('a')).toEqual({ detail: detailOf('a'), at })
    expect(await details.read('b')).toBeNull()
    await details.keep('a', null, at)
    expect(await details.read('a')).toBeNull()
  })

  it('fetches the open ones of one’s own once, and again only when they changed', async () => {
    server.details = { a: detailOf('a'), b: detailOf('b') }
    const own = [ownOf(detailOf('a')), ownOf(detailOf('b'))]
    const closed: OwnIncident = { ...ownOf(detailOf('c')), stage: 'closed' }
    await details.keepOwn([...own, closed], signal)
    expect(asked()).toBe(2)
    await details.keepOwn(own, signal)
    expect(asked()).toBe(2)
    server.details['b'] = detailOf('b', 2)
    await details.keepOwn([own[0]!, ownOf(detailOf('b', 2))], signal)
    expect(asked()).toBe(3)
    expect((await details.read('b'))?.detail.incident.version).toBe(2)
  })

  it('stays with what it has when the network goes, and goes on the next time', async () => {
    server.details = { a: detailOf('a') }
    server.failing = { incident_detail: 'offline' }
    await details.keepOwn([ownOf(detailOf('a'))], signal)
    expect(await details.read('a')).toBeNull()
    server.failing = {}
    await details.keepOwn([ownOf(detailOf('a'))], signal)
    expect((await details.read('a'))?.detail).toEqual(detailOf('a'))
  })

  it('keeps the last 200 and no more', async () => {
    for (let n = 0; n <= 200; n++) await details.keep(`i${n}`, detailOf(`i${n}`), at)
    expect(await details.read('i0')).toBeNull()
    expect(await details.read('i1')).not.toBeNull()
    const { kv } = await outbox.whenOpen()
    expect(await kv.get('seen:detail:i0')).toBeUndefined()
  })

  it('shows nothing of a scope that is not the person’s any more, nor after signing out', async () => {
    await details.keep('a', detailOf('a'), at)
    server.scopeKey = 'scope-2'
    await session.refreshContext()
    expect(await details.read('a')).toBeNull()

    await details.keep('b', detailOf('b'), at)
    await (await outbox.whenOpen()).eraseSeen()
    expect(await details.read('b')).toBeNull()
  })

  it('does not trust what another version of the app kept', async () => {
    const { kv } = await outbox.whenOpen()
    await details.keep('a', detailOf('a'), at)
    await kv.set('seen:detail:a', { detail: { incident: {} }, at })
    expect(await details.read('a')).toBeNull()
  })

  it('keeps photos of others by their bytes, the newest within 24 MB, for one scope', async () => {
    const photos = useKeptPhotosStore()
    const addressOf = (hash: string) => ({ owner: 'o', hash, mediaType: 'image/jpeg' as const })
    const file = (megabytes: number) => new Blob([new Uint8Array(megabytes * 1024 * 1024)])
    await photos.keep(addressOf('a'), new Blob(['first']))
    const kept = await photos.read(addressOf('a'))
    expect([kept?.type, await kept?.text()]).toEqual(['image/jpeg', 'first'])
    expect(await photos.read(addressOf('b'))).toBeNull()

    await photos.keep(addressOf('b'), file(10))
    await photos.keep(addressOf('c'), file(10))
    await photos.keep(addressOf('d'), file(10))
    expect(await photos.read(addressOf('b'))).toBeNull()
    expect((await photos.read(addressOf('c')))?.size).toBe(10 * 1024 * 1024)
    const { kv } = await outbox.whenOpen()
    expect(await kv.get('seen:photo:b')).toBeUndefined()

    server.scopeKey = 'scope-2'
    await session.refreshContext()
    expect(await photos.read(addressOf('c'))).toBeNull()
  })
})
