import { computed, inject, provide, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import { incidentSorts, type IncidentRow } from '@/data/incidents.repo.ts'
import { isWithin, type Area } from '@/domain/city/area.ts'
import { rollUp } from '@/domain/city/roll-up.ts'
import type { AreaLevel, LngLat } from '@/domain/vocabulary.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useSelectionStore } from '@/stores/view/selection.store.ts'
import { toggleAreaCode } from '@/parts/filter/area-selection.ts'
import { rankAreas, type RankedArea } from '@/parts/filter/rank-areas.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { useIncidentDetail, type IncidentDetailState } from '@/parts/incident/use-incident-detail.ts'
import { useIncidentList, type IncidentListState } from '@/parts/incident/use-incident-list.ts'
import { useQueryChoice } from '@/stores/view/use-query-choice.ts'

/** What map, panel, filters and tables of one page share beyond the stores. */
export interface MapPageContext {
  /** The level the map draws, or the table lists; null before the hierarchy is known. */
  shownLevel: Ref<AreaLevel | null>
  /** Rolled up, by `Area.idx`; null while the columns load. */
  counts: ComputedRef<Uint32Array | null>
  openCounts: ComputedRef<Uint32Array | null>
  /** Areas of the shown level inside the drilled one that the person may see. */
  ranked: ComputedRef<RankedArea[]>
  /** From the top down to where the person stands. */
  breadcrumb: ComputedRef<Area[]>
  /** Equal as long as the incidents of one's scope are. */
  dataRevision: ComputedRef<string>
  list: IncidentListState
  detail: IncidentDetailState
  /** Where the pinned incident is, as soon as list or detail know it. */
  pinnedPlace: ComputedRef<{ lngLat: LngLat; color: string } | null>
  isVisible(area: Area): boolean
  toggleArea(code: string): void
  /** Makes an area the place where the person stands; null is the top. */
  drillInto(code: string | null): void
  canDrill(code: string): boolean
  /** The incident after (1) or before (-1) the pinned one in the list; null at its ends. */
  neighbour(step: 1 | -1): IncidentRow | null
  /** Opens the neighbour, fetching the next page of the list when it ends here. */
  stepIncident(step: 1 | -1): Promise<void>
}

const key: InjectionKey<MapPageContext> = Symbol('map page')

export function useMapPage(): MapPageContext {
  const context = inject(key)
  if (!context) throw new Error('useMapPage() outside of a map page')
  return context
}

/** Makes the page's shared state and hands it to everything below. */
export function provideMapPage(shownLevel: Ref<AreaLevel | null>): MapPageContext {
  const isVisible = useAreaScope()
  const areas = useAreasStore()
  const columns = useColumnsStore()
  const filter = useFilterStore()
  const selection = useSelectionStore()
  const categories = useCategoriesStore()
  // Changes with the data on the server, not with every month that arrives here.
  const dataRevision = computed(() =>
    columns.months.map(({ month, revision }) => `${month}:${revision}`).join(' '),
  )
  const sort = useQueryChoice(
    'sort',
    () => incidentSorts,
    () => 'reported_desc',
  )
  const list = useIncidentList(sort, () => dataRevision.value)
  const detail = useIncidentDetail(
    () => selection.pinnedIncident,
    () => dataRevision.value,
  )

  const counts = computed(() =>
    columns.projection ? rollUp(columns.projection.byArea, areas.list) : null,
  )
  const openCounts = computed(() =>
    columns.projection ? rollUp(columns.projection.openByArea, areas.list) : null,
  )

  const ranked = computed<RankedArea[]>(() => {
    if (!counts.value || !openCounts.value || !shownLevel.value) return []
    const drilled = filter.drill === null ? undefined : areas.byCode(filter.drill)
    let shown = areas
      .atLevel(shownLevel.value)
      .filter((area) => isVisible(area) && (!drilled || isWithin(area, drilled)))
    // Zoomed further out than where one stands: what lies directly below says more than nothing.
    if (drilled && (shown.length === 0 || shown[0] === drilled)) {
      shown = areas.children(drilled.code).filter(isVisible)
      if (shown.length === 0) shown = [drilled]
    }
    return rankAreas(shown, counts.value, openCounts.value)
  })

  const pinnedPlace = computed(() => {
    const id = selection.pinnedIncident
    if (id === null) return null
    const known = detail.detail.value?.incident
    const row = known?.id === id ? known : list.rows.value.find((row) => row.id === id)
    if (!row) return null
    const color = categories.byCode(row.categoryCode)?.color ?? '#475569'
    return { lngLat: [row.lon, row.lat] as const, color }
  })

  const breadcrumb = computed(() => (filter.drill === null ? [] : areas.ancestry(filter.drill)))

  function drillInto(code: string | null): void {
    filter.setAreas([])
    filter.setDrill(code !== null && areas.byCode(code)?.parentCode === null ? null : code)
    selection.pinArea(code)
  }

  function toggleArea(code: string): void {
    const drilled = filter.drill === null ? undefined : areas.byCode(filter.drill)
    const area = areas.byCode(code)
    if (!area) return
    // An area beside the one where the person stands leads out of it.
    if (drilled && !isWithin(area, drilled)) filter.setDrill(null)
    filter.setAreas(toggleAreaCode(filter.filter.areas, code, areas.byCode))
    selection.pinArea(filter.filter.areas.includes(code) ? code : null)
  }

  function neighbour(step: 1 | -1): IncidentRow | null {
    const index = list.rows.value.findIndex(({ id }) => id === selection.pinnedIncident)
    return index < 0 ? null : (list.rows.value[index + step] ?? null)
  }

  async function stepIncident(step: 1 | -1): Promise<void> {
    if (!neighbour(step) && step === 1) await list.loadMore()
    const row = neighbour(step)
    if (row) selection.pinIncident(row.id)
  }

  const context: MapPageContext = {
    shownLevel,
    counts,
    openCounts,
    ranked,
    breadcrumb,
    dataRevision,
    list,
    detail,
    pinnedPlace,
    isVisible,
    toggleArea,
    drillInto,
    canDrill: (code) => areas.children(code).length > 0,
    neighbour,
    stepIncident,
  }
  provide(key, context)
  return context
}
