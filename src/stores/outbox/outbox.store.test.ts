import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { createPinia, setActivePinia } from 'pinia'
import { createApp, effectScope, type App } from 'vue'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeBackend, memoryStorage } from '../../../tests/fixtures/fake-backend.ts'
import { until } from '../../../tests/fixtures/outbox/device.ts'
import { KillableLocks } from '../../../tests/fixtures/outbox/killable-locks.ts'
import { note } from '../../../tests/fixtures/outbox/model-server.ts'
import { openOutbox } from '@/sync/index.ts'
import { outboxOutsideKey, useOutboxStore } from './outbox.store.ts'
import { useSyncSummary } from './use-sync-summary.ts'
import { useSessionStore } from '../session.store.ts'

const incident = '00000000-0000-4000-8000-000000000001'

describe('outbox store', () => {
  let server: FakeBackend
  let app: App
  let indexedDB: IDBFactory
  let session: ReturnType<typeof useSessionStore>
  let store: ReturnType<typeof useOutboxStore>

  beforeEach(async () => {
    server = new FakeBackend()
    indexedDB = new IDBFactory()
    const locks = new KillableLocks()
    const pinia = createPinia()
    app = createApp({ render: () => null })
      .use(pinia)
      .provide(outboxOutsideKey, {
        open: (options) =>
          openOutbox({ ...options, indexedDB, keyRange: IDBKeyRange, locks: locks.client() }),
      })
    setActivePinia(pinia)
    session = useSessionStore()
    store = useOutboxStore()
    await session.start({ fetch: server.fetch, origin: 'http://test', storage: memoryStorage() })
  })

  it('opens with the session, counts, and tells of every change', async () => {
    expect(store.phase).toBe('closed')
    await expect(store.whenOpen()).rejects.toMatchObject({ kind: 'unauthorized' })
    await session.signIn('leader@test', 'right')
    const outbox = await store.whenOpen()
    expect(store.phase).toBe('open')
    const before = store.revision
    // the fake server lacks this call, so the item stays queued
    await outbox.enqueue(note(incident, 'kept'))
    await until(() => store.unsent === 1)
    expect(store.revision).toBeGreaterThan(before)
    await until(() => store.sendStatus.kind === 'waiting')
    expect(store.underway).toBe(1)
    await store.close()
  })

  it.each([
    [507, 'disk-full'],
    [500, 'waiting'],
  ])('sums up what it waits for after %i as %s', async (status, word) => {
    server.failing.apply_commands = status
    await session.signIn('leader@test', 'right')
    const outbox = await store.whenOpen()
    const scope = effectScope()
    const summary = app.runWithContext(() => scope.run(useSyncSummary)!)
    await outbox.enqueue(note(incident, 'kept'))
    await until(() => summary.value.status === word)
    expect(summary.value).toMatchObject({ waiting: 1, needsPerson: 0 })
    scope.stop()
    await store.close()
  })

  it('shows the next person nothing, and the first one everything again', async () => {
    await session.signIn('leader@test', 'right')
    await (await store.whenOpen()).enqueue(note(incident, 'mine'))
    await session.signOut()
    await until(() => store.phase === 'closed')
    expect(store.unsent).toBe(0)

    const first = server.userId
    server.userId = '22222222-2222-4222-8222-222222222222'
    await session.signIn('other@test', 'right')
    expect(await (await store.whenOpen()).unsent()).toBe(0)
    await session.signOut()

    server.userId = first
    await session.signIn('leader@test', 'right')
    expect(await (await store.whenOpen()).unsent()).toBe(1)
    await store.close()
  })

  it('does not call everything sent while something waits for a server of before', async () => {
    const earlier = { instanceId: '99999999-9999-4999-8999-999999999999', userId: server.userId }
    const others = { ...earlier, userId: '33333333-3333-4333-8333-333333333333' }
    for (const owner of [earlier, others]) {
      const before = await openOutbox({
        ...owner,
        transport: {
          knock: async () => undefined,
          applyCommands: async () => [],
          uploadPhoto: async () => undefined,
        },
        indexedDB,
        keyRange: IDBKeyRange,
        locks: new KillableLocks().client(),
      })
      await before.enqueue(note(incident, 'for the earlier one'))
      await before.close()
    }
    await session.signIn('leader@test', 'right')
    const outbox = await store.whenOpen()
    await until(() => store.needsPerson > 0)
    expect(store.elsewhere).toHaveLength(2)
    expect([store.needsPerson, store.stuck]).toEqual([1, 0])
    await outbox.takeOver(earlier)
    await store.lookElsewhere()
    expect(store.needsPerson).toBe(0)
    expect(store.elsewhere).toMatchObject([{ ...others, unsent: 1, isMine: false }])
    await session.signOut()
    await until(() => store.phase === 'closed')
    expect(store.elsewhere).toEqual([])
  })

  it('says why it cannot be opened', async () => {
    indexedDB.open = () => {
      throw new DOMException('private mode', 'InvalidStateError')
    }
    await session.signIn('leader@test', 'right')
    await until(() => store.phase === 'failed')
    expect(store.error).toMatchObject({ code: 'storage_failed' })
    await expect(store.whenOpen()).rejects.toMatchObject({ code: 'storage_failed' })
  })
})
