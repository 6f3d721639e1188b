import { incidentsRepo } from '@/data/incidents.repo.ts'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import type { PointsSource } from '@/map/types.ts'
import { useIncidentBrowser } from '@/parts/incident/incident-browser.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** The points of a filter, as the map asks the server for them; null before anything is known. */
export function usePointsSource(): (wanted: IncidentFilter) => PointsSource | null {
  const browser = useIncidentBrowser()
  const session = useSessionStore()
  const categories = useCategoriesStore()
  const filter = useFilterStore()

  const colors = (): (string | undefined)[] => {
    const byIdx: (string | undefined)[] = []
    for (const category of categories.list) byIdx[category.idx] = category.color
    return byIdx
  }
  return (wanted) => {
    const { backend, scope } = session
    if (!backend || !scope || !filter.periodKnown) return null
    return {
      key: JSON.stringify([scope, browser.dataRevision.value, wanted]),
      colors: colors(),
      load: (z, x, y, signal) =>
        session.guard(() => incidentsRepo(backend).points({ z, x, y }, wanted, signal)),
    }
  }
}
