import { computed, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { isAbort } from '@/data/errors.ts'
import { report } from '@/data/problems.ts'
import { latestWins } from '@/columns/latest-wins.ts'
import type { HeatRequest } from '@/domain/answers/heat-grid.ts'
import type { BoundingBox } from '@/domain/vocabulary.ts'
import { createMapEngine } from '@/map/map-engine.ts'
import { useGraphics } from '@/parts/place/use-graphics.ts'
import { levelForZoom } from '@/map/level-for-zoom.ts'
import type {
  AreaValues,
  CellValues,
  LocateResult,
  MapEngine,
  MapEngineOptions,
  MapLocale,
  MapMessages,
  MapTheme,
  MapView,
  PixelPoint,
  PlaceMarks,
  PointHit,
  PointTotals,
  ReportedView,
} from '@/map/types.ts'
import { useAreaChoice } from '@/parts/filter/use-area-choice.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { usualLevel } from '@/parts/filter/usual-level.ts'
import { useIncidentBrowser } from '@/parts/incident/incident-browser.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useSelectionStore } from '@/stores/view/selection.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { syncCompared, type ComparedState } from './compare/sync-compared.ts'
import type { MapPageContext } from './map-page-context.ts'
import type { MapLayer } from './use-map-layer.ts'
import { usePointsSource } from './use-points-source.ts'
import { encodeView, latPerPixel } from './view-url.ts'
import { heatRadius, useHeatBandwidth } from './use-heat-bandwidth.ts'

export type MapHover =
  | { kind: 'area'; idx: number; pixel: PixelPoint }
  | { kind: 'points'; hits: PointHit[]; count: number; pixel: PixelPoint }

export interface SynchronizerOptions {
  page: MapPageContext
  layer: Readonly<Ref<MapLayer>>
  /** Null draws outlines alone. */
  areaValues: Readonly<Ref<AreaValues | null>>
  cellValues: Readonly<Ref<CellValues | null>>
  places: { marks: Readonly<Ref<PlaceMarks | null>>; choose: (place: number) => void }
  compared: ComparedState
  theme: Readonly<Ref<MapTheme>>
  locale: Readonly<Ref<MapLocale>>
  messages: Readonly<Ref<MapMessages>>
  /** View from the URL; default: the drilled or membership areas. */
  startView: MapView | null
  fullscreenElement: () => HTMLElement | null
  /** Height of the panel that covers the map's lower part. */
  coveredPixels: () => number
}

export interface MapSynchronizer {
  view: Readonly<ShallowRef<ReportedView | null>>
  hover: Readonly<ShallowRef<MapHover | null>>
  /** Incidents at the clicked point. */
  choice: ShallowRef<{ hits: PointHit[]; count: number; pixel: PixelPoint } | null>
  pointTotals: Readonly<ShallowRef<PointTotals | null>>
  /** The map has stood still once: before, its streets and areas are on their way. */
  isDrawn: Readonly<Ref<boolean>>
  pointsFailed: Readonly<Ref<boolean>>
  areasFailed: Readonly<Ref<boolean>>
  located: ShallowRef<LocateResult | null>
  isFullscreen: Readonly<Ref<boolean>>
  /** Of the device; the map's element is there while `drawn`. */
  graphics: ReturnType<typeof useGraphics>
  engine: Readonly<ShallowRef<MapEngine | null>>
  fitArea(code: string | null): void
}

/** From this zoom the map shows single incidents. */
export const pointsZoom = 14
/** Screen pixels per heat cell; coarse, because heat is smooth. */
const heatCellPixels = 3
const heatRadiusCells = 7

/**
 * The only caller of the map engine: store changes become engine calls, engine events become store
 * actions.
 */
export function useMapSynchronizer(
  container: Readonly<Ref<HTMLElement | null>>,
  options: SynchronizerOptions,
): MapSynchronizer {
  const { page } = options
  const browser = useIncidentBrowser()
  const { toggleArea, chooseArea } = useAreaChoice()
  const session = useSessionStore()
  const areas = useAreasStore()
  const columns = useColumnsStore()
  const filter = useFilterStore()
  const selection = useSelectionStore()

  const engine = shallowRef<MapEngine | null>(null)
  const view = shallowRef<ReportedView | null>(null)
  const hover = shallowRef<MapHover | null>(null)
  const choice = shallowRef<MapSynchronizer['choice']['value']>(null)
  const pointTotals = shallowRef<PointTotals | null>(null)
  const isDrawn = ref(false)
  const pointsFailed = ref(false)
  const located = shallowRef<LocateResult | null>(null)
  const isFullscreen = ref(false)
  const areasFailed = ref(false)
  const graphics = useGraphics()
  const isVisible = useAreaScope()

  function start(element: HTMLElement): void {
    const { config } = session
    if (!config) return
    const startView = view.value ?? options.startView
    const engineOptions: MapEngineOptions = {
      city: config.city,
      theme: options.theme.value,
      locale: options.locale.value,
      messages: options.messages.value,
      controls: false,
      fullscreenElement: options.fullscreenElement() ?? element,
      ...(startView && { view: startView }),
    }
    isDrawn.value = false
    try {
      const made = createMapEngine(element, engineOptions)
      listen(made)
      if (!startView) fitStart(made)
      view.value = made.getView()
      engine.value = made
    } catch (error) {
      report('map', error)
      graphics.fail()
    }
  }

  function fitStart(made: MapEngine): void {
    const box = filter.filter.bbox ?? startBox()
    if (box) made.fitBounds(box, { animate: false })
  }

  /** Drilled area, or the membership areas when they are smaller than the city. */
  function startBox(): BoundingBox | null {
    if (filter.drill !== null) return areas.byCode(filter.drill)?.bbox ?? null
    return areas.ownBox
  }

  function fitArea(code: string | null): void {
    const area = code === null ? undefined : areas.byCode(code)
    const box = area?.bbox ?? startBox() ?? session.config?.city.bbox
    if (box) engine.value?.fitBounds(box, { animate: true })
  }

  function listen(made: MapEngine): void {
    const codeOf = (idx: number): string | null => areas.byIdx(idx)?.code ?? null
    made.on('view', (next) => {
      // A box from a link stays until the map moves: another screen size gives another box.
      const hasMoved = view.value !== null && encodeView(view.value) !== encodeView(next)
      view.value = next
      if (hasMoved && filter.filter.bbox) filter.setBbox(next.bbox, { transient: true })
    })
    made.on('areaHover', (hit) => {
      selection.hoverArea(hit ? codeOf(hit.idx) : null)
      if (hit) hover.value = { kind: 'area', ...hit }
      else if (hover.value?.kind === 'area') hover.value = null
    })
    made.on('areaClick', ({ idx, isAdding }) => {
      choice.value = null
      const code = codeOf(idx)
      if (code !== null) (isAdding ? toggleArea : chooseArea)(code)
    })
    made.on('pointHover', (hit) => {
      const first = hit?.hits[0]
      selection.hoverIncident(first?.id ?? null, first?.lngLat ?? null)
      if (hit && first) hover.value = { kind: 'points', ...hit }
      else if (hover.value?.kind === 'points') hover.value = null
    })
    made.on('pointClick', ({ hits, count, pixel }) => {
      const [only, ...others] = hits
      if (only && others.length === 0) selection.pinIncident(only.id)
      choice.value = others.length > 0 ? { hits, count, pixel } : null
    })
    made.on('placeClick', ({ place }) => options.places.choose(place))
    made.on('backgroundClick', () => {
      choice.value = null
      selection.pinArea(null)
    })
    made.on('pointTotals', (totals) => {
      // They come whenever the map stands still.
      pointTotals.value = totals
      isDrawn.value = true
      pointsFailed.value = false
    })
    made.on('pointsError', (error) => {
      if (!isAbort(error)) pointsFailed.value = true
    })
    made.on('locate', (result) => (located.value = result))
    made.on('fullscreen', (on) => (isFullscreen.value = on))
    made.on('fatal', () => {
      if (engine.value !== made) return
      // Without its graphics this engine must not be used again.
      engine.value = null
      graphics.lose()
      queueMicrotask(() => made.destroy())
    })
  }

  watch(container, (element) => element && areas.loaded && !engine.value && start(element), {
    immediate: true,
    flush: 'post',
  })
  watch(
    () => areas.loaded,
    () => container.value && areas.loaded && !engine.value && start(container.value),
  )

  watch(options.theme, (theme) => engine.value?.setTheme(theme))
  watch([options.locale, options.messages], ([locale, messages]) =>
    engine.value?.setLocale(locale, messages),
  )

  watch(
    [() => view.value?.zoom, () => areas.levels, graphics.state],
    ([zoom, levels, state]) => {
      if (zoom !== undefined) page.shownLevel.value = levelForZoom(zoom, levels)
      // the list of areas goes on without a map
      else if (state === 'missing') page.shownLevel.value = usualLevel(areas, isVisible)
    },
    { immediate: true },
  )
  watch(
    // a new list also means new polygons
    [engine, page.shownLevel, () => areas.list],
    async ([made, level]) => {
      if (!made) return
      if (!level) return made.setAreaLevel(null)
      try {
        const features = await areas.features(level)
        areasFailed.value = false
        if (engine.value !== made) return
        made.setAreas(level, features)
        if (page.shownLevel.value === level) made.setAreaLevel(level)
      } catch (error) {
        if (!isAbort(error)) areasFailed.value = true
      }
    },
    { immediate: true },
  )
  watch([engine, options.areaValues], ([made, values]) => made?.setAreaValues(values), {
    immediate: true,
  })
  watch([engine, options.cellValues], ([made, values]) => made?.setCells(values), {
    immediate: true,
  })

  watch([engine, options.places.marks], ([made, marks]) => made?.setPlaces(marks), {
    immediate: true,
  })

  watch(
    [engine, () => selection.hoveredArea, () => selection.pinnedArea, () => filter.effective.areas],
    ([made, hovered, pinned, selected]) => {
      const idxOf = (code: string | null): number | null =>
        code === null ? null : (areas.byCode(code)?.idx ?? null)
      made?.setAreaHighlight({
        hovered: idxOf(hovered),
        pinned: idxOf(pinned),
        selected: selected.map(idxOf).filter((idx) => idx !== null),
      })
    },
    { immediate: true },
  )

  const heatBandwidth = useHeatBandwidth()
  const askHeat = latestWins((request: HeatRequest) => columns.ask('heat', request, filter.live))
  watch(
    [
      engine,
      options.layer,
      view,
      () => filter.live,
      () => columns.revision,
      () => filter.effective.due.length > 0 && columns.dueRevision,
      heatBandwidth,
    ],
    async ([made, layer, at, , , , metres]) => {
      if (!made || !at) return
      if (layer !== 'heat' || at.zoom >= pointsZoom) return made.setHeat(null)
      const size = container.value?.getBoundingClientRect()
      if (!size || size.width === 0) return
      const heat = await askHeat({
        bbox: at.bbox,
        width: Math.ceil(size.width / heatCellPixels),
        height: Math.ceil(size.height / heatCellPixels),
        radiusPixels:
          metres === null
            ? heatRadiusCells
            : heatRadius(metres, at.zoom, (at.bbox[1] + at.bbox[3]) / 2, heatCellPixels),
      })
      const isStillWanted = options.layer.value === 'heat' && (view.value?.zoom ?? 0) < pointsZoom
      if (heat && isStillWanted && engine.value === made) made.setHeat(heat)
    },
    { immediate: true },
  )

  const pointsOf = usePointsSource()
  const points = computed(() => pointsOf(filter.effective))
  watch([engine, points], ([made, source]) => made?.setPoints(source), { immediate: true })
  syncCompared(engine, { ...options.compared, pointsOf })
  watch(
    [engine, () => selection.hoveredIncident, () => selection.pinnedIncident],
    ([made, hovered, pinned]) => made?.setPointHighlight({ hovered, pinned }),
    { immediate: true },
  )
  watch(
    [engine, browser.pinnedPlace],
    ([made, place]) => {
      made?.setMarker(place)
      if (!made || !place) return
      const now = made.getView()
      const [lng, lat] = place.lngLat
      const zoom = Math.max(now.zoom, pointsZoom + 1)
      const covered = options.coveredPixels()
      const south = now.bbox[1] + covered * latPerPixel(now.zoom, lat)
      const isInSight = lng > now.bbox[0] && lng < now.bbox[2] && lat > south && lat < now.bbox[3]
      if (isInSight && now.zoom >= pointsZoom) return
      const center = [lng, lat - (covered / 2) * latPerPixel(zoom, lat)] as const
      made.setView({ center, zoom }, { animate: true })
    },
    { immediate: true },
  )

  watch(
    () => filter.drill,
    (code) => fitArea(code),
  )

  onScopeDispose(() => {
    engine.value?.destroy()
    engine.value = null
  })

  return {
    view,
    hover,
    choice,
    pointTotals,
    isDrawn,
    pointsFailed,
    areasFailed,
    located,
    isFullscreen,
    graphics,
    engine,
    fitArea,
  }
}
