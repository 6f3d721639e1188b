import { IDBFactory } from 'fake-indexeddb'
import 'fake-indexeddb/auto'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createApp, effectScope, isReactive, ref, watch } from 'vue'
import { randomMonths } from '../../tests/fixtures/columns.ts'
import { area, FakeBackend, memoryStorage } from '../../tests/fixtures/fake-backend.ts'
import { localEngine } from '../../tests/fixtures/local-engine.ts'
import { shapes } from '../../tests/fixtures/lattice-world.ts'
import { openMonthCache, type MonthCache } from '@/columns/month-cache.ts'
import { useAreasStore } from './areas.store.ts'
import { columnsOutsideKey, useColumnsStore } from './columns.store.ts'
import { useFilterStore } from './view/filter.store.ts'
import { useSessionStore } from './session.store.ts'
import { useAnswer } from './use-answer.ts'
import { useSlowAnswer } from './use-slow-answer.ts'

/** Questions in the order they reached the engine. */
let questions: unknown[][] = []
/** Questions are answered in turns, as in the worker. */
let slow = false

const engineHere = () =>
  localEngine((question) => questions.push(question), { inTurns: () => slow })

const settled = () => new Promise((resolve) => setTimeout(resolve, 10))

describe('columns store', () => {
  let server: FakeBackend
  let cache: MonthCache
  let poll: () => Promise<unknown>
  let session: ReturnType<typeof useSessionStore>
  let filter: ReturnType<typeof useFilterStore>
  let columns: ReturnType<typeof useColumnsStore>

  let deviceStorage: Storage
  async function openPage(): Promise<void> {
    deviceStorage = memoryStorage()
    await openAgain(deviceStorage)
    await session.signIn('leader@test', 'right')
  }
  async function openAgain(storage: Storage): Promise<void> {
    const pinia = createPinia()
    const app = createApp({}).use(pinia)
    app.provide(columnsOutsideKey, {
      startEngine: engineHere,
      openCache: () => cache,
      startPolling: (given) => {
        poll = given
        return () => {}
      },
      startMinutes: ({ now, onMinute }) => {
        const look = () => onMinute(Math.floor(now() / 60_000))
        look()
        return { look, stop: () => {} }
      },
    })
    setActivePinia(pinia)
    session = useSessionStore()
    filter = useFilterStore()
    columns = useColumnsStore()
    await session.start({ fetch: server.fetch, origin: 'http://test', storage })
  }
  /** A poll before that joins the load under way. */
  const ready = () => vi.waitFor(() => expect(columns.status).toBe('ready'))
  const total = (count: number) => vi.waitFor(() => expect(columns.projection?.total).toBe(count))
  const asked = () =>
    server.calls
      .filter((call) => call.startsWith('incident_columns'))
      .flatMap((call) => (JSON.parse(call.slice(17)) as { p_months: string[] }).p_months)

  beforeEach(() => {
    server = new FakeBackend()
    // Each test has a separate device.
    vi.stubGlobal('indexedDB', new IDBFactory())
    cache = openMonthCache()
  })
  afterEach(() => vi.restoreAllMocks())

  it('loads, takes the default period and projects', async () => {
    await openPage()
    await ready()
    await total(1200)
    expect(filter.filter.period).toEqual({ from: '2020-01-01', to: '2020-12-31' })
    expect(columns.partial).toBe(false)
    expect(columns.progress).toMatchObject({ loadedMonths: 12, loadedIncidents: 1200 })
    expect(columns.projection?.months.at(-1)?.month).toBe('2020-12')
    expect(isReactive(columns.projection)).toBe(false)
    expect(columns.asOf).toBe(server.asOf)
  })

  it('projects the newest months while older ones are still missing', async () => {
    server.months = randomMonths({ rows: 6000, months: 60, areas: 3, categories: 2 })
    const seen: [boolean, string | null][] = []
    const columnsAnswer = server.fetch
    let release = () => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    Object.assign(server, {
      fetch: async (...args: Parameters<typeof fetch>) => {
        if (String(args[0]).includes('incident_columns') && asked().length >= 24) await gate
        return columnsAnswer(...args)
      },
    })
    await openPage()
    await total(1200)
    seen.push([columns.partial, columns.loadedFrom])
    expect(columns.periodPartial).toBe(false)
    release()
    await ready()
    seen.push([columns.partial, columns.loadedFrom])
    expect(seen).toEqual([
      [true, '2023-01'],
      [false, null],
    ])
    expect(asked().slice(0, 2)).toEqual(['2024-12', '2024-11'])
    filter.setPeriod(null)
    await total(6000)
  })

  it('counts the first months at once and the last at the end, not each batch between', async () => {
    server.months = randomMonths({ rows: 19_200, months: 192, areas: 3, categories: 2 })
    questions = []
    await openPage()
    const quality = effectScope(true).run(() => useAnswer('quality', {}))!
    await ready()
    filter.setPeriod(null)
    await total(19_200)
    // eight batches; a period, too, asks once
    const times = questions.filter(([name]) => name === 'projection').length
    expect(asked()).toHaveLength(192)
    expect(times).toBeLessThan(8)
    // a slow question waited for all months
    await vi.waitFor(() => expect(quality.value?.total).toBe(19_200))
  })

  it('begins no slow question while months are missing', async () => {
    server.months = randomMonths({ rows: 6000, months: 60, areas: 3, categories: 2 })
    const columnsAnswer = server.fetch
    let release = () => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    Object.assign(server, {
      fetch: async (...args: Parameters<typeof fetch>) => {
        if (String(args[0]).includes('incident_columns') && asked().length >= 24) await gate
        return columnsAnswer(...args)
      },
    })
    questions = []
    await openPage()
    const quality = effectScope(true).run(() => useAnswer('quality', {}))!
    await total(1200)
    await settled()
    expect(questions.map(([name]) => name)).not.toContain('quality')
    release()
    await vi.waitFor(() => expect(quality.value?.total).toBe(1200))
  })

  it('counts what this device keeps when it starts without a network, then catches up', async () => {
    await openPage()
    await ready()
    await total(1200)
    await ready()
    server.failing = {
      '/config.json': 'offline',
      incident_months: 'offline',
      changes_since: 'offline',
    }
    server.calls = []
    await openAgain(deviceStorage)
    await total(1200)
    await ready()
    expect([columns.status, columns.asOf, session.verified]).toEqual(['ready', server.asOf, false])
    expect(asked()).toEqual([])
    await expect(poll()).rejects.toMatchObject({ kind: 'offline' })

    server.failing = {}
    await poll()
    expect(columns.error).toBeNull()
    await session.signOut()
    server.failing = { incident_months: 'offline' }
    await session.signIn('leader@test', 'right')
    await vi.waitFor(() => expect(columns.error?.kind).toBe('offline'))
    expect(columns.projection).toBeNull()
  })

  it('answers a changed filter, the last of many', async () => {
    await openPage()
    await ready()
    await total(1200)
    for (const code of ['A-2', 'A-3', 'A-1', 'c']) filter.setAreas([code])
    filter.setAreas(['A-2'])
    const inArea = server.months
      .flatMap((month) => [...month.area])
      .filter((idx) => idx === 2).length
    await total(inArea)
    expect(columns.projectedFilter).toEqual(filter.effective)
    const request = { bbox: [0, 0, 10, 10] as const, width: 20, height: 20, radiusPixels: 3 }
    const heat = await columns.ask('heat', request)
    expect(Math.max(...heat!.density)).toBe(255)
  })

  it('counts a period in motion for the map alone, until it rests', async () => {
    await openPage()
    await ready()
    await total(1200)
    filter.setPreview({ from: '2020-03-01', to: '2020-03-31' })
    expect(filter.effective.period).toEqual({ from: '2020-01-01', to: '2020-12-31' })
    await vi.waitFor(() => expect(columns.live?.total).toBe(100))
    expect(columns.liveFilter).toBe(filter.live)
    expect(columns.projection?.total).toBe(1200)
    filter.setPeriod({ from: '2020-03-01', to: '2020-03-31' })
    await total(100)
    expect(columns.live).toBe(columns.projection)
  })

  it('counts overdue ones again as the server says that time passed, without a load', async () => {
    await openPage()
    await ready()
    await total(1200)
    filter.setPeriod(null)
    await vi.waitFor(() => expect(columns.projection?.due.overdue).toBeGreaterThan(0))
    const before = columns.projection!.due.overdue
    server.calls = []
    server.now = '2020-06-01T00:00:00Z'
    await poll()
    await vi.waitFor(() => expect(columns.projection!.due.overdue).toBeLessThan(before))
    const known = columns.dueRevision
    expect(known).toBeGreaterThan(0)
    await poll()
    await settled()
    expect(columns.dueRevision).toBe(known)
    expect(asked()).toEqual([])
  })

  it('fetches only what changed, and what another user added appears', async () => {
    await openPage()
    await ready()
    await total(1200)
    server.calls = []
    const before = columns.revision
    await poll()
    expect(asked()).toEqual([])
    expect(columns.revision).toBe(before)
    const [more] = randomMonths({
      rows: 150,
      months: 1,
      firstMonth: '2020-12',
      seed: 7,
      areas: 3,
      categories: 2,
    })
    server.months = [...server.months.slice(0, 11), { ...more!, revision: 'r2' }]
    server.changed = ['2020-12']
    server.cursor++
    await poll()
    await total(1250)
    expect(asked()).toEqual(['2020-12'])
    expect(columns.revision).toBeGreaterThan(before)
    server.months = server.months.slice(0, 11)
    server.changed = ['2020-12']
    server.cursor++
    await poll()
    await total(1100)
    expect(columns.progress.totalMonths).toBe(11)
  })

  it('starts again when the database is another one', async () => {
    await openPage()
    await ready()
    await total(1200)
    await ready()
    server.months = server.months.slice(6)
    server.reset = true
    server.cursor++
    await poll()
    await total(600)
  })

  it('takes unchanged months from the device, and fetches damaged ones', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    await openPage()
    await ready()
    server.calls = []
    server.months[3] = { ...server.months[3]!, revision: 'r2' }
    await openPage()
    await ready()
    await total(1200)
    expect(asked()).toEqual(['2020-04'])
    const scope = session.scope!
    const [kept] = await cache.read(scope, new Map([['2020-05', 'r1']]))
    await cache.write(scope, [{ ...kept!, x: '' }])
    server.calls = []
    await openPage()
    await ready()
    await total(1200)
    expect(asked()).toContain('2020-05')
  })

  it('works where the browser keeps nothing', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const denied = () => Promise.reject(new DOMException('denied', 'SecurityError'))
    cache = { read: denied, write: denied, erase: denied }
    await openPage()
    await ready()
    await total(1200)
  })

  it('erases all on leaving', async () => {
    await openPage()
    await ready()
    await total(1200)
    const scope = session.scope!
    await session.signOut()
    await settled()
    const wanted = new Map(server.months.map((month) => [month.month, month.revision]))
    expect(await cache.read(scope, wanted)).toEqual([])
    expect([columns.projection, columns.status, filter.periodKnown]).toEqual([null, 'idle', false])
  })

  it('loads anew when the scope changes', async () => {
    await openPage()
    await ready()
    await total(1200)
    await ready()
    const scope = session.scope!
    server.scopeKey = 'scope-2'
    server.months = server.months.slice(10)
    server.cursor++
    await poll()
    await total(200)
    await ready()
    expect(session.scope).not.toBe(scope)
    const wanted = new Map(server.months.map((month) => [month.month, month.revision]))
    expect(await cache.read(scope, wanted)).toEqual([])
  })

  it('says what failed, keeps what it has, and recovers', async () => {
    server.failing = { incident_columns: 500 }
    await openPage()
    await vi.waitFor(() => expect(columns.status).toBe('error'))
    expect(columns.error?.kind).toBe('server')
    server.failing = {}
    await poll()
    await total(1200)
    expect([columns.status, columns.error]).toEqual(['ready', null])
    server.failing = { changes_since: 'offline' }
    await expect(poll()).rejects.toMatchObject({ kind: 'offline' })
    expect(columns.status).toBe('ready')
    expect(columns.error?.kind).toBe('offline')
    expect(columns.projection?.total).toBe(1200)
  })

  it('knows since when the server keeps changes back, until it does no more', async () => {
    await openPage()
    await ready()
    await poll()
    expect(columns.waitingSince).toBeNull()
    server.waiting = { since: '2021-01-15T11:58:00Z' }
    await poll()
    expect(columns.waitingSince).toBe('2021-01-15T11:58:00Z')
    server.waiting = null
    await poll()
    expect(columns.waitingSince).toBeNull()
  })

  it('recovers when areas or categories could not be loaded', async () => {
    server.failing = { area_list: 500, category_list: 'offline' }
    await openPage()
    await ready()
    await settled()
    expect(columns.projection).toBeNull()
    await expect(poll()).rejects.toMatchObject({ kind: 'server' })
    server.failing = {}
    await poll()
    await total(1200)
    expect(columns.error).toBeNull()
  })

  it('takes in areas that were imported meanwhile, before months that name them', async () => {
    await openPage()
    await ready()
    await total(1200)
    await ready()
    const areas = useAreasStore()
    await areas.features('grid')
    server.calls = []
    await poll()
    const times = (call: string) => server.calls.filter((one) => one === call).length
    expect([times('area_list'), times('area_features')]).toEqual([0, 0])

    const newest = server.months.at(-1)!
    server.areas = [...server.areas, area(4, 'grid', 'A-1')]
    server.months = server.months.with(-1, {
      ...newest,
      revision: 'moved',
      area: newest.area.map(() => 4),
    })
    server.changed = [newest.month]
    server.cursor++
    server.calls = []
    await poll()
    const order = server.calls.map((call) => call.split(' ')[0])
    expect(order).toEqual(['changes_since', 'area_list', 'incident_columns'])
    await vi.waitFor(() => expect(columns.projection?.byArea[4]).toBe(newest.count))
    expect(columns.projection?.total).toBe(1200)
    expect(areas.byIdx(4)?.code).toBe('A-4')
    await areas.features('grid')
    await poll()
    expect([times('area_list'), times('area_features')]).toEqual([1, 1])
  })

  describe('useAnswer', () => {
    const options = ref<{ withinDays: number; areaLevel: 'grid' } | null>(null)
    const closing = () => effectScope(true).run(() => useAnswer('closing', options))!
    const groups = (answer: ReturnType<typeof closing>) =>
      answer.value?.byArea.map(({ idx }) => idx)
    const asks = (name: string) => questions.filter(([asked]) => asked === name)
    beforeEach(() => {
      questions = []
      options.value = { withinDays: 7, areaLevel: 'grid' }
    })

    it('asks after each projection and with other options, and keeps the last answer meanwhile', async () => {
      await openPage()
      const answer = closing()
      expect(answer.value).toBeNull()
      await vi.waitFor(() => expect(groups(answer)).toEqual([2, 3]))
      await ready()
      await settled()
      questions = []
      const emptied = vi.fn()
      watch(answer, (now) => now ?? emptied(), { flush: 'sync' })
      filter.setAreas(['A-2'])
      await vi.waitFor(() => expect(groups(answer)).toEqual([2]))
      expect(emptied).not.toHaveBeenCalled()
      expect(questions.map(([name]) => name)).toEqual(['projection', 'closing'])
      options.value = { withinDays: 1, areaLevel: 'grid' }
      await vi.waitFor(() => expect(answer.value?.options.withinDays).toBe(1))
      expect(asks('projection')).toHaveLength(1)
    })

    it('asks nothing while its options say the same', async () => {
      await openPage()
      await ready()
      const other = ref(0)
      const answer = effectScope(true).run(() =>
        useAnswer('closing', () => ({ withinDays: 7 + 0 * other.value, areaLevel: 'grid' })),
      )!
      await vi.waitFor(() => expect(answer.value).not.toBeNull())
      await settled()
      questions = []
      other.value++
      filter.setPreview({ from: '2020-03-01', to: '2020-03-31' })
      await settled()
      // a period in motion is the map's alone
      expect(questions.map(([name]) => name)).toEqual(['projection'])
    })

    it('is empty without options, also when an answer was under way', async () => {
      await openPage()
      await total(1200)
      const answer = closing()
      options.value = null
      await settled()
      expect(answer.value).toBeNull()
      options.value = { withinDays: 7, areaLevel: 'grid' }
      await vi.waitFor(() => expect(answer.value).not.toBeNull())
      options.value = null
      await vi.waitFor(() => expect(answer.value).toBeNull())
    })

    it('asks no more when its scope ends, and leaves others alone', async () => {
      await openPage()
      await total(1200)
      await ready()
      await settled()
      const page = effectScope(true)
      page.run(() => useAnswer('closing', { withinDays: 1, areaLevel: 'grid' }))
      const answer = closing()
      await vi.waitFor(() => expect(answer.value).not.toBeNull())
      page.stop()
      questions = []
      filter.setAreas(['A-2'])
      await vi.waitFor(() => expect(groups(answer)).toEqual([2]))
      expect(asks('closing').map(([, , asked]) => asked)).toEqual([options.value])
    })

    it('forgets what the person saw when they leave', async () => {
      await openPage()
      const answer = closing()
      await vi.waitFor(() => expect(answer.value).not.toBeNull())
      await session.signOut()
      expect(answer.value).toBeNull()
      await settled()
      expect(answer.value).toBeNull()
    })

    it('tells how far a long question is, stops it, and begins anew under another filter', async () => {
      await openPage()
      await total(1200)
      const { areas: own, polygons, squareKm, households } = shapes(4).of('grid')
      await columns.sendShapes('grid', { areas: own, polygons, squareKm, households })
      slow = true
      onTestFinished(() => void (slow = false))
      const lastDay = filter.span!.lastDay
      const places = {
        level: 'grid',
        lastDay,
        method: 'radius',
        radiusMetres: 200,
        times: 3,
      } as const
      const page = effectScope(true)
      const work = page.run(() => useSlowAnswer('repeatPlaces', places))!
      const shares: number[] = []
      watch(work.share, (share) => share !== null && shares.push(share), { flush: 'sync' })
      await vi.waitFor(() => expect(work.answer.value).not.toBeNull())
      expect(shares.length).toBeGreaterThan(1)
      expect(work.share.value).toBeNull()
      work.again()
      work.stop()
      await vi.waitFor(() => expect(work.answer.value).toBeNull())
      await settled()
      expect([work.isStopped.value, work.answer.value, work.share.value]).toEqual([
        true,
        null,
        null,
      ])
      filter.setAreas(['A-2'])
      await vi.waitFor(() => expect(work.answer.value?.incidents).toBeGreaterThan(0))
      expect(work.isStopped.value).toBe(false)
      page.stop()
    })

    it('keeps the engine’s failure for the page', async () => {
      await openPage()
      await total(1200)
      const bbox = [0, 0, 10, 10] as const
      const torn = { bbox, width: 0, height: 0, radiusPixels: 0 }
      expect(await columns.ask('heat', torn)).toBeNull()
      expect(columns.error?.message).toContain('an empty picture')
    })
  })
})
