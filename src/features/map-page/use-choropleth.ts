import { computed, type ComputedRef, type Ref } from 'vue'
import { areaClasses, type AreaClass } from '@/domain/measure/classes.ts'
import { measureOf } from '@/domain/measure/index.ts'
import type { Reading } from '@/domain/measure/measure.ts'
import { divergingRamp, sequentialRamp } from '@/map/ramps.ts'
import { zeroColor } from '@/map/style/hatch.ts'
import type { AreaValues, MapTheme } from '@/map/types.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import type { MapPageContext } from './map-page-context.ts'

/** One source for map and legend. Only areas in the person's scope. */
export interface Choropleth {
  values: AreaValues
  /** By class. */
  classes: readonly AreaClass[]
  /** Hatched: too few to judge. */
  few: number
  /** Not drawn: a figure is missing. */
  unknown: number
}

const maxRanges = 5

/** Colours of the shown level; null while loading. Areas outside the person's scope get none. */
export function useChoropleth(
  page: MapPageContext,
  theme: Readonly<Ref<MapTheme>>,
): ComputedRef<Choropleth | null> {
  const areas = useAreasStore()
  const isVisible = useAreaScope()
  return computed(() => {
    const { value: level } = page.shownLevel
    const { value: figuresOf } = page.figuresOf
    if (!figuresOf || !level) return null
    const measure = measureOf(page.measure.value)
    const readings: (Reading | undefined)[] = []
    for (const area of areas.atLevel(level)) {
      const figures = figuresOf(area)
      if (isVisible(area) || figures.count > 0) readings[area.idx] = measure.read(figures)
    }
    const { byArea, list, few, unknown } = areaClasses(readings, measure, maxRanges)
    const colors = colorsOf(list, theme.value)
    return { values: { classes: byArea, colors }, classes: list, few, unknown }
  })
}

function colorsOf(classes: readonly AreaClass[], theme: MapTheme): string[] {
  const shades = classes.filter(({ kind }) => kind !== 'zero').length
  const isSequential = classes.some(({ kind }) => kind === 'range' || kind === 'not_reached')
  const ramp = isSequential ? sequentialRamp(theme, Math.max(1, shades)) : divergingRamp(theme)
  let next = 0
  return classes.map(({ kind }) => (kind === 'zero' ? zeroColor(theme) : ramp[next++]!))
}
