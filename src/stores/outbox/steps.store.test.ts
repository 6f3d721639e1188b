import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { createPinia, setActivePinia } from 'pinia'
import { createApp } from 'vue'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeBackend, memoryStorage } from '../../../tests/fixtures/fake-backend.ts'
import { KillableLocks } from '../../../tests/fixtures/outbox/killable-locks.ts'
import { openOutbox, type Outbox } from '@/sync/index.ts'
import { useSessionStore } from '../session.store.ts'
import { outboxOutsideKey, useOutboxStore } from './outbox.store.ts'
import { stepKey, undoMs, useStepsStore } from './steps.store.ts'

const incident = { id: '00000000-0000-4000-8000-000000000001', version: 7 }
const take = { incident, name: 'dispatch', canUndo: true, fields: { department: 'parks' } }

describe('steps', () => {
  let outbox: Outbox
  let steps: ReturnType<typeof useStepsStore>

  beforeEach(async () => {
    const server = new FakeBackend()
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
    const session = useSessionStore()
    const store = useOutboxStore()
    steps = useStepsStore()
    await session.start({ fetch: server.fetch, origin: 'http://test', storage: memoryStorage() })
    await session.signIn('leader@test', 'right')
    outbox = await store.whenOpen()
  })

  it('wait ten seconds where they can be undone, and are based on the version seen', async () => {
    const item = await steps.take(take)
    expect(item.notBefore! - Date.parse(item.at)).toBe(undoMs)
    expect(item.command).toMatchObject({
      type: 'transition',
      payload: { incidentId: incident.id, baseVersion: 7, name: 'dispatch', department: 'parks' },
    })
    expect((await steps.take({ ...take, canUndo: false })).notBefore).toBeNull()
  })

  it('cannot be given another incident, version or name by a field', async () => {
    const fields = { incidentId: 'x', baseVersion: 1, name: 'close', note: 'so' }
    const { command } = await steps.take({ ...take, fields })
    expect(command!.payload).toMatchObject({ incidentId: incident.id, baseVersion: 7, note: 'so' })
    expect(command!.payload).toHaveProperty('name', 'dispatch')
  })

  it('give their form back when they are undone', async () => {
    const { id } = await steps.take(take)
    expect(await steps.undo(id)).toBe(true)
    expect(await outbox.item(id)).toBeUndefined()
    expect(await outbox.kv.get(stepKey(incident.id, 'dispatch'))).toEqual({ department: 'parks' })
    expect(steps.givenBack).toEqual({ incidentId: incident.id, name: 'dispatch' })
    expect(await steps.undo(id)).toBe(false)
  })
})
