// @vitest-environment happy-dom
import { PiniaColada } from '@pinia/colada'
import { IDBFactory } from 'fake-indexeddb'
import 'fake-indexeddb/auto'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, expect, it, vi } from 'vitest'
import { createApp, type App } from 'vue'
import { createI18n } from 'vue-i18n'
import { FakeBackend, memoryStorage } from '../../../tests/fixtures/fake-backend.ts'
import { localEngine } from '../../../tests/fixtures/local-engine.ts'
import { openMonthCache } from '@/columns/month-cache.ts'
import { columnsOutsideKey, useColumnsStore } from '@/stores/columns.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import ResidentComments from './ResidentComments.vue'

const comment = (at: number, words: string) => ({
  ...{ incidentId: String(at), closing: 1, categoryCode: 'c1', areaCode: 'A-2' },
  ...{ closedAt: '2020-06-01T12:00:00Z', words, solved: true, satisfied: 5 },
  ...{ way: 'callback', at: '2020-06-02T12:00:00Z', isGenerated: false },
})
const answer = (words: string) => ({
  rows: Array.from({ length: 6 }, (_, at) => comment(at, words)),
  total: 6,
})

let app: App
afterEach(() => app.unmount())

it('dims the former comments while the next are asked, and brightens when they come', async () => {
  vi.stubGlobal('indexedDB', new IDBFactory())
  const server = new FakeBackend()
  server.answers['rating_comments'] = answer('quick and friendly')
  const pinia = createPinia()
  const host = document.createElement('div')
  app = createApp(ResidentComments)
    .use(pinia)
    .use(PiniaColada)
    .use(createI18n({ legacy: false, locale: 'en', missingWarn: false, messages: { en: {} } }))
    .provide(columnsOutsideKey, {
      startEngine: () => localEngine(() => {}),
      openCache: openMonthCache,
      startPolling: () => () => {},
      startMinutes: () => ({ look: () => {}, stop: () => {} }),
    })
    .component('RouterLink', { template: '<a><slot /></a>' })
  setActivePinia(pinia)
  const session = useSessionStore()
  const filter = useFilterStore()
  await session.start({ fetch: server.fetch, origin: 'http://test', storage: memoryStorage() })
  await session.signIn('leader@test', 'right')
  app.mount(host)
  await vi.waitFor(() => expect(useColumnsStore().status).toBe('ready'))

  const card = () => host.querySelector('[data-testid=satisfaction-comments]')
  const look = () => [card()?.getAttribute('aria-busy'), card()?.classList.contains('opacity-60')]
  await vi.waitFor(() => expect(look()).toEqual(['false', false]))

  const held = server.hold('rating_comments')
  filter.setPeriod({ from: '2020-03-01', to: '2020-07-31' })
  await vi.waitFor(() => expect(held.isAsked()).toBe(true))
  await vi.waitFor(() => expect(look()).toEqual(['true', true]))
  held.release()
  await vi.waitFor(() => expect(look()).toEqual(['false', false]))
})
