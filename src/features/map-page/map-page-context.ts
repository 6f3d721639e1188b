import { computed, inject, provide, ref, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import { isWithin } from '@/domain/city/area.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import {
  rankAreas,
  type AreaCounts,
  type AreaMeasure,
  type RankedArea,
} from '@/domain/city/rank.ts'
import { useAreaCounts } from '@/parts/filter/use-area-choice.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { provideIncidentBrowser } from '@/parts/incident/incident-browser.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'

export interface MapPageContext {
  /** Null before the hierarchy loads. */
  shownLevel: Ref<AreaLevel | null>
  /** Colours the map and orders the areas. */
  measure: Ref<AreaMeasure>
  /** Null while loading. */
  counts: ComputedRef<AreaCounts | null>
  /** Visible areas of the shown level inside the drilled one, highest first. */
  ranked: ComputedRef<RankedArea[]>
}

const key: InjectionKey<MapPageContext> = Symbol('map page')

export function useMapPage(): MapPageContext {
  const context = inject(key)
  if (!context) throw new Error('useMapPage() outside of a map page')
  return context
}

export function provideMapPage(
  shownLevel: Ref<AreaLevel | null>,
  measure: Ref<AreaMeasure> = ref('count'),
): MapPageContext {
  const isVisible = useAreaScope()
  const areas = useAreasStore()
  const filter = useFilterStore()
  const counts = useAreaCounts()
  provideIncidentBrowser()

  const ranked = computed<RankedArea[]>(() => {
    if (!counts.value || !shownLevel.value) return []
    const drilled = filter.drill === null ? undefined : areas.byCode(filter.drill)
    let shown = areas
      .atLevel(shownLevel.value)
      .filter((area) => isVisible(area) && (!drilled || isWithin(area, drilled)))
    // When the shown level is above the drilled area, lists the drilled area's children.
    if (drilled && (shown.length === 0 || shown[0] === drilled)) {
      shown = areas.children(drilled.code).filter(isVisible)
      if (shown.length === 0) shown = [drilled]
    }
    return rankAreas(shown, counts.value, measure.value)
  })

  const context: MapPageContext = { shownLevel, measure, counts, ranked }
  provide(key, context)
  return context
}
