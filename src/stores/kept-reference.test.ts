import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeBackend, memoryStorage } from '../../tests/fixtures/fake-backend.ts'
import { useAreasStore } from './areas.store.ts'
import { useCategoriesStore } from './categories.store.ts'
import { useSessionStore } from './session.store.ts'

describe('areas and categories on the device', () => {
  let server: FakeBackend
  let storage: Storage
  beforeEach(() => {
    server = new FakeBackend()
    storage = memoryStorage()
    vi.stubGlobal('indexedDB', new IDBFactory())
  })
  async function openPage() {
    setActivePinia(createPinia())
    const session = useSessionStore()
    const [areas, categories] = [useAreasStore(), useCategoriesStore()]
    await session.start({ fetch: server.fetch, origin: 'http://test', storage })
    return { session, areas, categories }
  }
  const nothing = Object.fromEntries(
    [
      '/config.json',
      'token',
      'session_context',
      'area_list',
      'area_features',
      'category_list',
      'department_list',
    ].map((path) => [path, 'offline'] as const),
  )

  async function firstVisit() {
    const page = await openPage()
    await page.session.signIn('leader@test', 'right')
    await vi.waitFor(() =>
      expect([page.areas.loaded, page.categories.loaded]).toEqual([true, true]),
    )
    await page.areas.keepFeatures()
    return page
  }

  it('are there without a network, polygons too, and fresh once it is back', async () => {
    await firstVisit()
    server.failing = nothing
    const { session, areas, categories } = await openPage()
    await vi.waitFor(() => expect([areas.list.length, categories.list.length]).toEqual([3, 2]))
    expect([areas.error, categories.error]).toEqual([null, null])
    expect(categories.department('works')?.nameEn).toBe('Public works')
    expect((await areas.features('grid')).type).toBe('FeatureCollection')
    await expect(areas.features('street' as never)).rejects.toMatchObject({ kind: 'offline' })

    const before = areas.list
    server.failing = {}
    server.calls = []
    await vi.waitFor(() => expect(session.verified).toBe(true))
    await vi.waitFor(() => expect(server.calls).toContain('area_list'))
    await areas.features('grid')
    expect(server.calls).toContain('area_features')
    // The same answer causes no redraw.
    expect(areas.list).toBe(before)
  })

  it('say so where nothing was kept', async () => {
    const page = await openPage()
    server.failing = { area_list: 'offline', category_list: 'offline' }
    await page.session.signIn('leader@test', 'right')
    await vi.waitFor(() => expect(page.areas.error?.kind).toBe('offline'))
    expect(page.areas.loaded).toBe(false)
  })
})
