import { computed, inject, provide, type ComputedRef, type InjectionKey } from 'vue'
import { incidentSorts, type IncidentRow } from '@/data/incidents.repo.ts'
import type { LngLat } from '@/domain/vocabulary.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { servedParts } from '@/domain/filter/filter.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useSelectionStore } from '@/stores/view/selection.store.ts'
import { useQueryChoice } from '@/stores/view/use-query-choice.ts'
import { useOwnArrivals } from '@/stores/use-own-arrivals.ts'
import { useIncidentDetail, type IncidentDetailState } from './use-incident-detail.ts'
import { useIncidentList, type IncidentListState } from './use-incident-list.ts'

export interface IncidentBrowser {
  /** Changes when incidents in the caller's scope change, or the clock moves some in the filter. */
  dataRevision: ComputedRef<string>
  list: IncidentListState
  detail: IncidentDetailState
  /** From the list or the detail. */
  pinnedPlace: ComputedRef<{ lngLat: LngLat; color: string } | null>
  /** The incident after (1) or before (-1) the pinned one; null at the ends. */
  neighbour(step: 1 | -1): IncidentRow | null
  /** May load the next page. */
  stepIncident(step: 1 | -1): Promise<void>
}

const key: InjectionKey<IncidentBrowser> = Symbol('incident browser')

export function useIncidentBrowser(): IncidentBrowser {
  const browser = inject(key)
  if (!browser) throw new Error('useIncidentBrowser() without provideIncidentBrowser() above it')
  return browser
}

/**
 * Creates and provides list and detail for a page.
 * @param ownList instead of the filter's incidents
 */
export function provideIncidentBrowser(ownList?: IncidentListState): IncidentBrowser {
  const columns = useColumnsStore()
  const filter = useFilterStore()
  const selection = useSelectionStore()
  const categories = useCategoriesStore()
  selection.hostPinned()
  useOwnArrivals()
  const dataRevision = computed(() => {
    const months = columns.months.map(({ month, revision }) => `${month}:${revision}`)
    // The clock changes the incidents of a filter of deadlines.
    if (filter.filter.due.length > 0) months.push(`due:${columns.dueRevision}`)
    // So do answers that came in, and how incidents were handled.
    if (servedParts(filter.filter)) months.push(`served:${columns.revision}`)
    // Those open grow older, by whole hours.
    if (filter.filter.openLonger !== null)
      months.push(`hour:${columns.asOf?.slice(0, 'YYYY-MM-DDTHH'.length)}`)
    return months.join(' ')
  })
  const sort = useQueryChoice(
    'sort',
    () => incidentSorts,
    () => 'reported_desc',
  )
  const list = ownList ?? useIncidentList(sort, () => dataRevision.value)
  const detail = useIncidentDetail(
    () => selection.pinnedIncident,
    () => dataRevision.value,
  )

  const pinnedPlace = computed(() => {
    const id = selection.pinnedIncident
    if (id === null) return null
    const known = detail.detail.value?.incident
    const row = known?.id === id ? known : list.rows.value.find((row) => row.id === id)
    if (!row) return null
    const color = categories.byCode(row.categoryCode)?.color ?? '#475569'
    return { lngLat: [row.lon, row.lat] as const, color }
  })

  function neighbour(step: 1 | -1): IncidentRow | null {
    const index = list.rows.value.findIndex(({ id }) => id === selection.pinnedIncident)
    return index < 0 ? null : (list.rows.value[index + step] ?? null)
  }

  async function stepIncident(step: 1 | -1): Promise<void> {
    if (!neighbour(step) && step === 1) await list.loadMore()
    const row = neighbour(step)
    if (row) selection.pinIncident(row.id)
  }

  const browser = { dataRevision, list, detail, pinnedPlace, neighbour, stepIncident }
  provide(key, browser)
  return browser
}
