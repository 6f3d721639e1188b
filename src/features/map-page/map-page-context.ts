import { computed, inject, provide, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import { isWithin } from '@/domain/city/area.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { rankAreas, type RankedArea } from '@/domain/city/rank.ts'
import { useAreaCounts } from '@/parts/filter/use-area-choice.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { provideIncidentBrowser } from '@/parts/incident/incident-browser.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'

/** The state that map, panel and tables of one page share beyond the stores. */
export interface MapPageContext {
  /** The level that the map draws or the table lists; null before the hierarchy is known. */
  shownLevel: Ref<AreaLevel | null>
  /** Areas of the shown level inside the drilled one that the person may see, most incidents first. */
  ranked: ComputedRef<RankedArea[]>
}

const key: InjectionKey<MapPageContext> = Symbol('map page')

export function useMapPage(): MapPageContext {
  const context = inject(key)
  if (!context) throw new Error('useMapPage() outside of a map page')
  return context
}

/** Makes the page's shared state, its incident list included, and hands it to everything below. */
export function provideMapPage(shownLevel: Ref<AreaLevel | null>): MapPageContext {
  const isVisible = useAreaScope()
  const areas = useAreasStore()
  const filter = useFilterStore()
  const { counts, openCounts } = useAreaCounts()
  provideIncidentBrowser()

  const ranked = computed<RankedArea[]>(() => {
    if (!counts.value || !openCounts.value || !shownLevel.value) return []
    const drilled = filter.drill === null ? undefined : areas.byCode(filter.drill)
    let shown = areas
      .atLevel(shownLevel.value)
      .filter((area) => isVisible(area) && (!drilled || isWithin(area, drilled)))
    // The shown level lies above the drilled area: list the areas right below the drilled one.
    if (drilled && (shown.length === 0 || shown[0] === drilled)) {
      shown = areas.children(drilled.code).filter(isVisible)
      if (shown.length === 0) shown = [drilled]
    }
    return rankAreas(shown, counts.value, openCounts.value)
  })

  const context: MapPageContext = { shownLevel, ranked }
  provide(key, context)
  return context
}
