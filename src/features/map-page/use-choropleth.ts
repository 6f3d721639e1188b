import { computed, type ComputedRef, type Ref } from 'vue'
import { areaClasses, type AreaClass } from '@/domain/measure/classes.ts'
import { measureOf } from '@/domain/measure/index.ts'
import type { Area } from '@/domain/city/area.ts'
import type { AreaFigures, Reading, Verdict } from '@/domain/measure/measure.ts'
import { divergingRamp, sequentialRamp } from '@/map/ramps.ts'
import { zeroColor } from '@/map/style/hatch.ts'
import type { AreaValues, MapTheme } from '@/map/types.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import type { CompareContext } from './compare/use-compare.ts'
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
  /** The days compared with, in the same classes; null where nothing is compared. */
  earlier: { values: AreaValues; areas: readonly number[]; few: number; unknown: number } | null
}

const maxRanges = 5

/** Colours of the shown level; null while loading. Areas outside the person's scope get none. */
export function useChoropleth(
  page: MapPageContext,
  { earlierOf, laterOf }: Pick<CompareContext, 'earlierOf' | 'laterOf'>,
  theme: Readonly<Ref<MapTheme>>,
): ComputedRef<Choropleth | null> {
  const areas = useAreasStore()
  const isVisible = useAreaScope()
  return computed(() => {
    const { value: level } = page.shownLevel
    const figuresOf = laterOf.value ?? page.liveFiguresOf.value
    if (!figuresOf || !level) return null
    const measure = measureOf(page.measure.value)
    const readingsOf = (figuresOf: (area: Area) => AreaFigures): Readings => {
      const readings: Readings = []
      for (const area of areas.atLevel(level)) {
        const figures = figuresOf(area)
        if (isVisible(area) || figures.count > 0) readings[area.idx] = measure.read(figures)
      }
      return readings
    }
    const shown = readingsOf(figuresOf)
    const { value: before } = earlierOf
    if (!before) {
      const { byArea, list, few, unknown } = areaClasses(shown, measure, maxRanges)
      const values = { classes: byArea, colors: colorsOf(list, theme.value) }
      return { values, classes: list, few, unknown, earlier: null }
    }
    // One set of classes for both: a colour means the same on either side.
    const compared = readingsOf(before)
    const both = areaClasses([...shown, ...compared], measure, maxRanges)
    const colors = colorsOf(both.list, theme.value)
    const later = sideOf(shown, both.byArea.subarray(0, shown.length), colors)
    const earlier = sideOf(compared, both.byArea.subarray(shown.length), colors)
    const classes = both.list.map((one, at) => ({ ...one, areas: later.areas[at]! }))
    return { ...later, classes, earlier }
  })
}

type Readings = (Reading | undefined)[]

function sideOf(readings: Readings, classes: Int8Array, colors: readonly string[]) {
  const withVerdict = (wanted: Verdict): number =>
    readings.reduce((sum, reading) => (reading?.verdict === wanted ? sum + 1 : sum), 0)
  return {
    values: { classes, colors },
    areas: colors.map((_, at) => classes.reduce((sum, own) => (own === at ? sum + 1 : sum), 0)),
    few: withVerdict('few'),
    unknown: withVerdict('unknown'),
  }
}

function colorsOf(classes: readonly AreaClass[], theme: MapTheme): string[] {
  const shades = classes.filter(({ kind }) => kind !== 'zero').length
  const isSequential = classes.some(({ kind }) => kind === 'range' || kind === 'not_reached')
  const ramp = isSequential ? sequentialRamp(theme, Math.max(1, shades)) : divergingRamp(theme)
  let next = 0
  return classes.map(({ kind }) => (kind === 'zero' ? zeroColor(theme) : ramp[next++]!))
}
