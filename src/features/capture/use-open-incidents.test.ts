// @vitest-environment happy-dom
import { createPinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, effectScope, markRaw, type App, type EffectScope } from 'vue'
import { Device } from '../../../tests/fixtures/outbox/device.ts'
import { ModelServer, note } from '../../../tests/fixtures/outbox/model-server.ts'
import type { OpenIncident } from '@/data/field.repo.ts'
import type { RemoteColumnsEngine } from '@/columns/engine-call.ts'
import { openMonthCache } from '@/columns/month-cache.ts'
import { columnsOutsideKey, type ColumnsOutside } from '@/stores/columns.store.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import type { Outbox } from '@/sync/index.ts'
import { useOpenIncidents } from './use-open-incidents.ts'

const userId = '11111111-1111-4111-8111-111111111111'
/** Pages that the server returns; an Error makes its page fail. */
const answers = vi.hoisted(() => ({ pages: [] as (string[] | Error)[], calls: 0 }))
vi.mock('@/data/field.repo.ts', () => ({
  fieldRepo: () => ({
    openIncidents: async (after: number | null) => {
      answers.calls++
      const page = answers.pages[after ?? 0]
      if (page instanceof Error) throw page
      const next = (after ?? 0) + 1
      return {
        rows: page!.map((id) => ({ id }) as OpenIncident),
        next: next < answers.pages.length ? next : null,
      }
    },
  }),
}))

const noColumns: ColumnsOutside = {
  startEngine: () => ({ terminate: () => {} }) as RemoteColumnsEngine,
  openCache: () => openMonthCache(),
  startPolling: () => () => {},
  startMinutes: () => ({ look: () => {}, stop: () => {} }),
}

describe('useOpenIncidents', () => {
  let outbox: Outbox
  let app: App
  let scope: EffectScope
  beforeEach(async () => {
    const server = new ModelServer(userId)
    outbox = markRaw(await new Device().open(server.transport(() => 'none')))
    app = createApp({}).use(createPinia()).provide(columnsOutsideKey, noColumns)
    scope = effectScope()
    answers.calls = 0
  })
  afterEach(async () => {
    scope.stop()
    await outbox.close()
  })

  function begin() {
    return app.runWithContext(() => {
      const session = useSessionStore()
      session.config = { instanceId: 'instance' } as typeof session.config
      session.context = {
        userId,
        scopeKey: 's',
        memberships: [],
      } as unknown as typeof session.context
      session.backend = {} as typeof session.backend
      const store = useOutboxStore()
      store.outbox = outbox
      return { store, ...scope.run(useOpenIncidents)! }
    })
  }
  const ids = (rows: readonly OpenIncident[]) => rows.map(({ id }) => id)

  it('takes what came when a later page fails, beside what was kept, and keeps both', async () => {
    answers.pages = [['a', 'b'], ['c']]
    const { rows, refresh } = begin()
    await vi.waitFor(() => expect(ids(rows.value)).toEqual(['a', 'b', 'c']))
    answers.pages = [['new', 'a'], new Error('cut off')]
    refresh()
    await vi.waitFor(() => expect(ids(rows.value)).toEqual(['new', 'a', 'b', 'c']))
    await vi.waitFor(async () => {
      const kept = await outbox.kv.get<{ value: OpenIncident[] }>('seen:open-incidents')
      expect(ids(kept!.value)).toEqual(['new', 'a', 'b', 'c'])
    })
    // a complete answer removes closed incidents
    answers.pages = [['new']]
    refresh()
    await vi.waitFor(() => expect(ids(rows.value)).toEqual(['new']))
  })

  it('asks again when the network is back and when a receipt has come', async () => {
    answers.pages = [new Error('no network')]
    const { rows, store } = begin()
    await vi.waitFor(() => expect(answers.calls).toBe(1))
    answers.pages = [['a']]
    window.dispatchEvent(new Event('online'))
    await vi.waitFor(() => expect(ids(rows.value)).toEqual(['a']))
    answers.pages = [['mine', 'a']]
    await outbox.enqueue(note('00000000-0000-4000-8000-000000000001', 'x'))
    store.counts = { ...store.counts, received: 1 }
    await vi.waitFor(() => expect(ids(rows.value)).toEqual(['mine', 'a']))
  })
})
