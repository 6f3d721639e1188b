import { computed, inject, provide, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import { isWithin, type Area } from '@/domain/city/area.ts'
import { areaMeasures, measureOf, usualMeasure, type AreaMeasure } from '@/domain/measure/index.ts'
import { rankAreas, type RankedArea } from '@/domain/measure/rank.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { provideIncidentBrowser } from '@/parts/incident/incident-browser.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useQueryChoice } from '@/stores/view/use-query-choice.ts'
import { useAreaFigures, type AreaFiguresSource } from './use-area-figures.ts'

export interface MapPageContext extends AreaFiguresSource {
  /** Null before the hierarchy loads. */
  shownLevel: Ref<AreaLevel | null>
  /** Level of the ranked areas: below the shown one when that is drilled. */
  rankedLevel: ComputedRef<AreaLevel | null>
  /** Colours the map and orders the areas; in the URL. */
  measure: Ref<AreaMeasure>
  measures: ComputedRef<readonly AreaMeasure[]>
  /** Visible areas of the shown level inside the drilled one, highest first. */
  ranked: ComputedRef<RankedArea[]>
}

const key: InjectionKey<MapPageContext> = Symbol('map page')

export function useMapPage(): MapPageContext {
  const context = inject(key)
  if (!context) throw new Error('useMapPage() outside of a map page')
  return context
}

/** @param measures to choose from; of another measure in the URL the usual one takes the place */
export function provideMapPage(
  shownLevel: Ref<AreaLevel | null>,
  measures: ComputedRef<readonly AreaMeasure[]> = computed(() => areaMeasures),
): MapPageContext {
  const isVisible = useAreaScope()
  const areas = useAreasStore()
  const filter = useFilterStore()
  provideIncidentBrowser()

  const shown = computed<Area[]>(() => {
    if (!shownLevel.value) return []
    const drilled = filter.drill === null ? undefined : areas.byCode(filter.drill)
    const found = areas
      .atLevel(shownLevel.value)
      .filter((area) => isVisible(area) && (!drilled || isWithin(area, drilled)))
    // When the shown level is above the drilled area, lists the drilled area's children.
    if (!drilled || (found.length > 0 && found[0] !== drilled)) return found
    const children = areas.children(drilled.code).filter(isVisible)
    return children.length > 0 ? children : [drilled]
  })
  const measure = useQueryChoice<AreaMeasure>(
    'measure',
    () => measures.value,
    () => usualMeasure(shownLevel.value ? areas.atLevel(shownLevel.value).filter(isVisible) : []),
  )
  const rankedLevel = computed(() => shown.value[0]?.level ?? shownLevel.value)
  // A new list only when a level changes: the shapes are measured then.
  const levels = computed<readonly AreaLevel[]>((before) => {
    const next = [...new Set([shownLevel.value, rankedLevel.value])].filter((one) => one !== null)
    return before?.join() === next.join() ? before : next
  })
  const figures = useAreaFigures(measure, levels)
  const ranked = computed<RankedArea[]>(() => {
    const { value: figuresOf } = figures.figuresOf
    return figuresOf ? rankAreas(shown.value, figuresOf, measureOf(measure.value)) : []
  })

  const context: MapPageContext = {
    shownLevel,
    rankedLevel,
    measure,
    measures,
    ranked,
    ...figures,
  }
  provide(key, context)
  return context
}
