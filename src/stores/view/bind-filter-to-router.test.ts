import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import { bindFilterToRouter } from './bind-filter-to-router.ts'
import { useFilterStore } from './filter.store.ts'
import { queryWriter } from './query-writer.ts'
import { useSelectionStore } from './selection.store.ts'

const span = {
  firstMonth: '2020-01',
  lastMonth: '2024-03',
  lastDay: '2024-03-15',
  defaultFrom: '2023-04',
}
const id = '6a0ba5c5-4a5e-4b3b-8d0c-3d1f9f6f7a01'
/** Long enough for watchers, queued writes and navigations to finish. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('filter in the URL', () => {
  let router: Router
  let filter: ReturnType<typeof useFilterStore>
  let selection: ReturnType<typeof useSelectionStore>

  beforeEach(async () => {
    setActivePinia(createPinia())
    const component = { render: () => null }
    router = createRouter({
      history: createMemoryHistory(),
      routes: ['/', '/map', '/table', '/account'].map((path) => ({ path, component })),
    })
    bindFilterToRouter(router)
    filter = useFilterStore()
    selection = useSelectionStore()
  })
  const query = () => router.currentRoute.value.query

  it('reads a link and leaves what is not its own alone', async () => {
    await router.push(`/map?from=2024-01-01&to=2024-02-01&area=A~B&in=C&at=12/1/2&incident=${id}`)
    filter.setSpan(span)
    await settle()
    expect(filter.filter.areas).toEqual(['A', 'B'])
    expect(filter.drill).toBe('C')
    expect(selection.pinnedIncident).toBe(id)
    filter.toggleArea('A')
    await settle()
    expect(query()).toEqual({
      from: '2024-01-01',
      to: '2024-02-01',
      area: 'B',
      in: 'C',
      at: '12/1/2',
      incident: id,
    })
  })

  it('writes the default period out in place', async () => {
    await router.push('/')
    await router.push('/map')
    filter.setSpan(span)
    await settle()
    expect(query()).toEqual({ from: '2023-04-01', to: '2024-03-31' })
    router.back()
    await settle()
    expect(router.currentRoute.value.path).toBe('/')
  })

  it('undoes and redoes by the history', async () => {
    await router.push('/map')
    filter.setSpan(span)
    await settle()
    filter.toggleArea('A')
    await settle()
    filter.setOpenOnly(true)
    await settle()
    router.back()
    await settle()
    expect([filter.filter.areas, filter.filter.openOnly]).toEqual([['A'], false])
    router.back()
    await settle()
    expect(filter.filter.areas).toEqual([])
    router.go(2)
    await settle()
    expect([filter.filter.areas, filter.filter.openOnly]).toEqual([['A'], true])
  })

  it('ends no navigation that still waits for its page', async () => {
    let arrive = (_page: object): void => {}
    const page = new Promise<object>((resolve) => (arrive = resolve))
    router.addRoute({ path: '/report', component: () => page as never })
    await router.push('/map')
    filter.setSpan(span)
    await settle()
    const left = router.push('/report?period=2024-01')
    queryWriter(router).patch({ at: '12/1/2' }, 'replace')
    filter.toggleArea('A')
    await settle()
    arrive({ render: () => null })
    await left
    await settle()
    expect(router.currentRoute.value.fullPath).toBe('/report?period=2024-01')
  })

  it('writes on after a navigation that led nowhere', async () => {
    router.addRoute({
      path: '/broken',
      component: () => Promise.reject(new Error('no such file')) as never,
    })
    await router.push('/map')
    filter.setSpan(span)
    await settle()
    const { fullPath } = router.currentRoute.value
    for (const [n, go] of [
      // the same page, by its short address
      () => router.push('/map'),
      () => router.push(fullPath),
      () => router.push('/broken').catch(() => {}),
      () => Promise.all([router.push('/table'), router.push('/map')]),
    ].entries()) {
      await go()
      queryWriter(router).patch({ at: `${n}` }, 'replace')
      await settle()
      expect(query().at).toBe(`${n}`)
    }
  })

  it('takes a whole drag back in one step', async () => {
    await router.push('/map')
    filter.setSpan(span)
    await settle()
    for (const day of [1, 2, 3]) {
      filter.setPeriod({ from: `2024-01-0${day}`, to: '2024-02-01' }, { transient: true })
      await settle()
    }
    filter.setPeriod({ from: '2024-01-05', to: '2024-02-01' })
    await settle()
    expect(query().from).toBe('2024-01-05')
    router.back()
    await settle()
    expect(filter.filter.period?.from).toBe('2023-04-01')
  })

  it('takes the filter along to another page, and not to others', async () => {
    await router.push('/map')
    filter.setSpan(span)
    filter.toggleArea('A')
    await settle()
    await router.push('/table')
    expect(query()).toMatchObject({ area: 'A', from: '2023-04-01' })
    await router.push('/account')
    expect(query()).toEqual({})
    filter.toggleArea('B')
    await settle()
    expect(query()).toEqual({})
    await router.push('/map?area=C&from=all')
    expect(filter.filter).toMatchObject({ areas: ['C'], period: null })
  })

  it('loses nothing when several write at once', async () => {
    await router.push('/map')
    filter.setSpan(span)
    await settle()
    filter.setBbox([1, 2, 3, 4])
    queryWriter(router).patch({ at: '14/1/2' }, 'replace')
    selection.pinIncident(id)
    await settle()
    expect(query()).toMatchObject({
      bbox: '1.00000~2.00000~3.00000~4.00000',
      at: '14/1/2',
      incident: id,
    })
    expect(filter.filter.bbox).toEqual([1, 2, 3, 4])
  })

  it('ignores an incident that is no id', async () => {
    await router.push('/map?incident=<script>')
    expect(selection.pinnedIncident).toBeNull()
  })
})
