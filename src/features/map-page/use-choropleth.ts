import { computed, type ComputedRef, type Ref } from 'vue'
import { classBreaks, type ClassBreaks } from '@/domain/answers/class-breaks.ts'
import { sequentialRamp } from '@/map/ramps.ts'
import type { AreaValues, MapTheme } from '@/map/types.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import type { MapPageContext } from './map-page-context.ts'

export interface Choropleth {
  values: AreaValues
  /** Only areas in the person's scope. */
  classes: ClassBreaks
}

const maxClasses = 5

/** Colours of the shown level; null while loading. Areas outside the person's scope get none. */
export function useChoropleth(
  page: MapPageContext,
  theme: Readonly<Ref<MapTheme>>,
): ComputedRef<Choropleth | null> {
  const areas = useAreasStore()
  const isVisible = useAreaScope()
  return computed(() => {
    const counts = page.counts.value?.[page.measure.value]
    const received = page.counts.value?.count
    const { value: level } = page.shownLevel
    if (!counts || !received || !level) return null
    const values: number[] = new Array(counts.length).fill(Number.NaN)
    const shown: number[] = []
    for (const area of areas.atLevel(level)) {
      const count = counts[area.idx] ?? 0
      if (!isVisible(area) && !received[area.idx]) continue
      values[area.idx] = count
      shown.push(count)
    }
    const classes = classBreaks(shown, maxClasses)
    const colors = sequentialRamp(theme.value, classes.breaks.length + 1)
    return { values: { values, breaks: classes.breaks, colors }, classes }
  })
}
