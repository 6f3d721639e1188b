import { defineStore } from 'pinia'
import { computed, inject, shallowRef, watch, type InjectionKey } from 'vue'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { incidentsRepo, monthsSchema, type MonthInfo } from '@/data/incidents.repo.ts'
import { report } from '@/data/problems.ts'
import { openMonthCache, type MonthCache } from '@/columns/month-cache.ts'
import { localDayOf, monthOfDay, wallMinutes } from '@/domain/time/calendar.ts'
import { spanOf } from '@/domain/time/period.ts'
import { servedParts, type IncidentFilter } from '@/domain/filter/filter.ts'
import type { Projection } from '@/domain/answers/projection.ts'
import type { AreaLevel, LocalMonth } from '@/domain/vocabulary.ts'
import { useAreasStore } from './areas.store.ts'
import { useCategoriesStore } from './categories.store.ts'
import type { OnShare, RemoteColumnsEngine } from '@/columns/engine-call.ts'
import { ColumnsLoader, type KeptListing, type LoadProgress } from '@/columns/loader.ts'
import type { PackedRatings } from '@/domain/answers/rating-columns.ts'
import type { LevelShapes } from '@/columns/count/area-shapes.ts'
import type { AnswerOf, OptionsOf, QuestionName } from '@/columns/questions/index.ts'
import { AnsweredLoader } from '@/columns/answered-loader.ts'
import { startColumnsWorker } from '@/columns/worker-client.ts'
import { useFilterStore } from './view/filter.store.ts'
import { KeptReference } from './kept-reference.ts'
import { latestWins } from '@/columns/latest-wins.ts'
import type { SlowQuestion } from '@/columns/slow-questions.ts'
import { startMinutes } from '@/columns/minute-timer.ts'
import { startPolling } from '@/columns/poll-timer.ts'
import { useSessionStore } from './session.store.ts'

/** Tests replace it with `app.provide`. */
export interface ColumnsOutside {
  startEngine: () => RemoteColumnsEngine
  openCache: () => MonthCache
  startPolling: (poll: () => Promise<unknown>) => () => void
  startMinutes: typeof startMinutes
}
export const columnsOutsideKey: InjectionKey<ColumnsOutside> = Symbol('columns outside')
const browserOutside = (): ColumnsOutside => ({
  startEngine: startColumnsWorker,
  openCache: () => openMonthCache(),
  startPolling: (poll) => startPolling({ poll }),
  startMinutes,
})

export type ColumnsStatus = 'idle' | 'loading' | 'ready' | 'error'

/** Milliseconds. Charts and questions follow each change of the data, and months may arrive faster. */
const countAgainAfter = 1_000

const nothingLoaded: LoadProgress = {
  loadedMonths: 0,
  totalMonths: 0,
  loadedIncidents: 0,
  totalIncidents: 0,
}

/** Incidents in scope, as columns in a worker. For answers besides `projection` use `useAnswer`. */
export const useColumnsStore = defineStore('columns', () => {
  const outside = inject(columnsOutsideKey, browserOutside, true)
  const session = useSessionStore()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const filter = useFilterStore()

  /** `error` only when nothing can be shown. A failed poll keeps `ready` and sets `error`. */
  const status = shallowRef<ColumnsStatus>('idle')
  const error = shallowRef<AppError | null>(null)
  const progress = shallowRef<LoadProgress>(nothingLoaded)
  /** Newest first. */
  const months = shallowRef<readonly MonthInfo[]>([])
  /** Last instant the data is known for. */
  const asOf = shallowRef<string | null>(null)
  /** Changes since this instant are not shown: the database still writes them. */
  const waitingSince = shallowRef<string | null>(null)
  /** Null once all months are loaded. */
  const loadedFrom = shallowRef<LocalMonth | null>(null)
  /** Incremented when the data changes. */
  const revision = shallowRef(0)
  /** Incremented when a deadline passed, or came within a day. */
  const dueRevision = shallowRef(0)
  /** Incremented after each answered load or poll. */
  const answers = shallowRef(0)
  /** Incremented when a worker starts. */
  const engineRevision = shallowRef(0)
  const projection = shallowRef<Projection | null>(null)
  const projectedFilter = shallowRef<IncidentFilter | null>(null)
  /** Of `filter.live`: ahead of `projection` while a period moves, else the same. */
  const live = shallowRef<Projection | null>(null)
  const liveFilter = shallowRef<IncidentFilter | null>(null)

  /** Months are missing, so counts still grow. */
  const partial = computed(() => status.value === 'loading' || loadedFrom.value !== null)
  /** Ignores the filter. */
  const isEmpty = computed(
    () => status.value === 'ready' && months.value.every((one) => one.count === 0),
  )
  const periodPartial = computed(() => {
    if (!partial.value) return false
    const from = filter.effective.period?.from
    return !from || !loadedFrom.value || monthOfDay(from) < loadedFrom.value
  })

  let engine: RemoteColumnsEngine | null = null
  let cache: MonthCache | null = null
  let forgetListing = () => {}
  let loader: ColumnsLoader | null = null
  let answered: AnsweredLoader | null = null
  let controller: AbortController | null = null
  let stopPolling: (() => void) | null = null
  let minutes: ReturnType<typeof startMinutes> | null = null
  /** The server's clock less the device's. */
  let clockAheadMs = 0
  let refreshing: Promise<void> | null = null
  let countedAt = Number.NEGATIVE_INFINITY
  /** Months arrived that nothing counts yet. */
  let hasUncounted = false

  /** The first months of a load are counted at once. */
  function countArrived(): void {
    const now = performance.now()
    hasUncounted = status.value === 'loading' && now - countedAt < countAgainAfter
    if (hasUncounted) return
    countedAt = now
    revision.value++
  }

  /**
   * @param asked instead of the filter in force
   * @param onShare told while it takes long
   * @returns null when nothing is loaded or the call failed; see `error`
   */
  async function ask<N extends QuestionName>(
    name: N,
    options: OptionsOf<N>,
    asked: IncidentFilter = filter.effective,
    onShare?: OnShare,
  ): Promise<AnswerOf<N> | null> {
    const current = engine
    if (!current || !canAsk()) return null
    try {
      const parts = servedParts(asked)
      if (parts) await answered?.ensure(plain(parts), controller!.signal)
      const answer = await current.ask(
        name,
        plain(asked),
        plain(options),
        ...(onShare ? [onShare] : []),
      )
      return engine === current ? answer : null
    } catch (failure) {
      keepFailure(current, failure)
      return null
    }
  }

  /** Ends a slow question whose answer is not wanted any more. */
  const drop = (name: SlowQuestion): void => void engine?.drop(name).catch(() => {})

  const askProjection = latestWins(async () => {
    const asked = filter.live
    const isPreview = filter.preview !== null
    const answer = await ask('projection', null, asked)
    return answer && { answer, asked, isPreview }
  })

  /** Wanted by questions about neighbours. An ended worker forgets them; `engineRevision` tells. */
  async function sendShapes(level: AreaLevel, shapes: LevelShapes): Promise<boolean> {
    const current = engine
    if (!current) return false
    try {
      await current.setShapes(level, shapes)
      return engine === current
    } catch (failure) {
      keepFailure(current, failure)
      return false
    }
  }

  /** For `ratings.store`, which loads them. Without a worker nothing happens. */
  async function putRatings(
    packed: readonly PackedRatings[],
    gone: readonly LocalMonth[] = [],
  ): Promise<void> {
    await engine?.putRatings(packed, gone)
  }

  /** Continues a failed load, else polls. @throws AppError, also in `error` */
  function refresh(): Promise<void> {
    if (refreshing) return refreshing
    const running = bringUpToDate().finally(() => {
      if (refreshing === running) refreshing = null
    })
    refreshing = running
    return running
  }

  async function bringUpToDate(): Promise<void> {
    if (!loader || !controller) return
    const { signal } = controller
    const current = loader
    try {
      await reloadHierarchies()
      if (status.value === 'ready') await current.poll(signal)
      else {
        status.value = 'loading'
        await current.load(signal)
      }
      const hasAnswersChanged = await answered?.refresh(servedParts(filter.effective), signal)
      if (signal.aborted) return
      if (hasAnswersChanged) revision.value++
      status.value = 'ready'
      error.value = null
      answers.value++
    } catch (failure) {
      if (isAbort(failure) || signal.aborted) return
      error.value = toAppError(failure)
      if (status.value === 'loading') status.value = 'error'
      throw failure
    } finally {
      if (loader === current) {
        loadedFrom.value = current.loadedFrom
        if (hasUncounted) revision.value++
        hasUncounted = false
      }
    }
  }

  /** Counting needs both hierarchies. */
  async function reloadHierarchies(): Promise<void> {
    for (const store of [areas, categories]) {
      if (store.error) await store.load()
      if (store.error) throw store.error
    }
  }

  function start(scope: string): void {
    const scopeKey = session.context!.scopeKey
    controller = new AbortController()
    engine = outside.startEngine()
    engineRevision.value++
    cache = outside.openCache()
    status.value = 'loading'
    loader = new ColumnsLoader({
      repo: incidentsRepo(session.backend!),
      cache,
      keptListing: keptListing(),
      engine,
      scope,
      scopeKey,
      guard: session.guard,
      onMonths: takeMonths,
      onNow: (now) => {
        clockAheadMs = Date.parse(now) - Date.now()
        minutes?.look()
      },
      onProgress: (now) => {
        progress.value = now
        loadedFrom.value = loader?.loadedFrom ?? null
        countArrived()
      },
      onAreas: areas.keepUp,
      onWaiting: (since) => {
        waitingSince.value = since
      },
      onScopeChanged: () => void session.refreshContext(),
    })
    answered = new AnsweredLoader({
      repo: incidentsRepo(session.backend!),
      engine,
      guard: session.guard,
    })
    setWorld()
    minutes = outside.startMinutes({ now: () => Date.now() + clockAheadMs, onMinute: takeMinute })
    // The poll timer retries.
    void refresh().catch(() => {})
    stopPolling = outside.startPolling(refresh)
  }

  function keptListing(): KeptListing {
    const kept = new KeptReference(session.config!.instanceId)
    const name = `months/${session.context!.userId}/${session.context!.scopeKey}`
    forgetListing = () => void kept.remove(name)
    return {
      read: () => kept.read(name, monthsSchema),
      write: (listing) => void kept.write(name, listing),
    }
  }

  function stop(): void {
    controller?.abort()
    stopPolling?.()
    minutes?.stop()
    engine?.terminate()
    engine = null
    loader = null
    answered = null
    controller = null
    refreshing = null
    stopPolling = null
    minutes = null
    clockAheadMs = 0
    countedAt = Number.NEGATIVE_INFINITY
    hasUncounted = false
    status.value = 'idle'
    error.value = null
    progress.value = nothingLoaded
    months.value = []
    asOf.value = null
    waitingSince.value = null
    loadedFrom.value = null
    projection.value = null
    projectedFilter.value = null
    live.value = null
    liveFilter.value = null
  }

  function takeMonths(found: readonly MonthInfo[], instant: string): void {
    const { timeZone } = session.config!.city
    months.value = found
    // The worker takes calls in turn: months wait for it there.
    const current = engine
    current
      ?.setAsOf(wallMinutes(instant, timeZone))
      .catch((failure: unknown) => keepFailure(current, failure))
    asOf.value = instant
    filter.setSpan(spanOf(found, localDayOf(instant, timeZone)))
  }

  function takeMinute(minute: number): void {
    const current = engine
    current
      ?.setNow(minute)
      .then((hasChanged) => {
        if (hasChanged && engine === current) dueRevision.value++
      })
      .catch((failure: unknown) => keepFailure(current, failure))
  }

  function setWorld(): void {
    const { config } = session
    const current = engine
    if (!current || !config || !areas.loaded || !categories.loaded) return
    const slim = ({ idx, code, path }: { idx: number; code: string; path: string }) => ({
      idx,
      code,
      path,
    })
    void current
      .setWorld({
        areas: areas.list.map((area) => ({
          ...slim(area),
          level: area.level,
          point: [...area.pointOnSurface] as const,
        })),
        categories: categories.list.map(slim),
        cityBbox: [...config.city.bbox],
      })
      .catch((failure: unknown) => keepFailure(current, failure))
  }

  function canAsk(): boolean {
    const arrived = progress.value.loadedMonths > 0 || status.value === 'ready'
    return Boolean(engine) && arrived && filter.periodKnown && areas.loaded && categories.loaded
  }

  async function updateProjection(): Promise<void> {
    const found = await askProjection(undefined)
    if (!found) return
    live.value = found.answer
    liveFilter.value = found.asked
    if (found.isPreview) return
    projection.value = found.answer
    projectedFilter.value = found.asked
  }

  /** Ignores failures of a stopped engine. */
  function keepFailure(asked: RemoteColumnsEngine, failure: unknown): void {
    if (engine === asked && !isAbort(failure)) error.value = toAppError(failure)
  }

  watch(
    () => session.scope,
    (scope, before) => {
      stop()
      if (before) forgetListing()
      if (scope) start(scope)
      else if (before) {
        filter.reset()
        // Nothing this person saw stays on the device.
        cache?.erase().catch((failure) => report('kept', failure))
      }
    },
    { immediate: true },
  )
  watch([() => areas.list, () => categories.list, () => session.config], setWorld)
  watch(
    [
      () => filter.live,
      () => filter.periodKnown,
      revision,
      dueRevision,
      asOf,
      status,
      () => areas.list,
      () => categories.loaded,
    ],
    () => void updateProjection(),
  )

  return {
    status,
    error,
    progress,
    months,
    asOf,
    waitingSince,
    loadedFrom,
    partial,
    isEmpty,
    periodPartial,
    revision,
    dueRevision,
    answers,
    projection,
    projectedFilter,
    live,
    liveFilter,
    engineRevision,
    ask,
    drop,
    sendShapes,
    putRatings,
    refresh,
  }
})

/** Message ports cannot carry Vue's proxies. Filters and options are JSON. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T
