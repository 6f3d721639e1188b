import 'fake-indexeddb/auto'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { createPinia, setActivePinia } from 'pinia'
import { createApp } from 'vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeBackend, memoryStorage } from '../../../tests/fixtures/fake-backend.ts'
import { until } from '../../../tests/fixtures/outbox/device.ts'
import { KillableLocks } from '../../../tests/fixtures/outbox/killable-locks.ts'
import { note } from '../../../tests/fixtures/outbox/model-server.ts'
import { openDeviceStore } from '@/device/device-store.ts'
import { openOutbox, OutboxError } from '@/sync/index.ts'
import { outboxOutsideKey, useOutboxStore } from './outbox.store.ts'
import { useSessionStore } from '../session.store.ts'
import { useSignOutStore } from './sign-out.store.ts'

const incident = '00000000-0000-4000-8000-000000000001'

describe('sign-out store', () => {
  let session: ReturnType<typeof useSessionStore>
  let outbox: ReturnType<typeof useOutboxStore>
  let leaving: ReturnType<typeof useSignOutStore>
  let isShut: boolean

  beforeEach(async () => {
    isShut = false
    const indexedDB = new IDBFactory()
    vi.stubGlobal('indexedDB', indexedDB)
    const locks = new KillableLocks()
    const pinia = createPinia()
    createApp({ render: () => null })
      .use(pinia)
      .provide(outboxOutsideKey, {
        open: async (options) => {
          if (isShut) throw new OutboxError('storage_failed')
          return openOutbox({ ...options, indexedDB, keyRange: IDBKeyRange, locks: locks.client() })
        },
      })
    setActivePinia(pinia)
    session = useSessionStore()
    outbox = useOutboxStore()
    leaving = useSignOutStore()
    await session.start({
      fetch: new FakeBackend().fetch,
      origin: 'http://test',
      storage: memoryStorage(),
      device: openDeviceStore(),
    })
  })
  async function signInWithShutOutbox(): Promise<void> {
    isShut = true
    await session.signIn('leader@test', 'right')
    await until(() => outbox.phase === 'failed')
  }

  it('lets somebody go who has nothing here, and asks somebody who has', async () => {
    await session.signIn('leader@test', 'right')
    await (await outbox.whenOpen()).enqueue(note(incident, 'kept'))
    await leaving.ask()
    expect([leaving.asking, leaving.failed]).toEqual([1, false])
    expect(session.status).toBe('signed-in')
    const { file, name } = await leaving.exportFile()
    expect(await file.text()).toContain('kept')
    expect(name).toMatch(/^wangge-unsent-.*\.json$/)
    await leaving.leave()
    expect(session.status).toBe('signed-out')
  })

  it('asks by the last count when the outbox cannot be opened, and lets nobody slip away', async () => {
    await signInWithShutOutbox()
    await session.keepUnsent(3)
    await leaving.ask()
    expect([leaving.asking, leaving.failed]).toEqual([3, true])
    expect(session.status).toBe('signed-in')
    await expect(leaving.exportFile()).rejects.toMatchObject({ code: 'storage_failed' })

    isShut = false
    expect(await (await leaving.exportFile()).file.text()).toContain('wangge-outbox')
  })

  it('keeps nobody whose outbox cannot be opened and was empty', async () => {
    await signInWithShutOutbox()
    await leaving.ask()
    expect(leaving.asking).toBeNull()
    expect(session.status).toBe('signed-out')
  })
})
