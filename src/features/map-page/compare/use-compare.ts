import { computed, inject, provide, ref, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import type { Area } from '@/domain/city/area.ts'
import { rollUp } from '@/domain/city/roll-up.ts'
import { measureOf, type AreaMeasure } from '@/domain/measure/index.ts'
import type { AreaFigures, Reading } from '@/domain/measure/measure.ts'
import { addDays, monthOfDay } from '@/domain/time/calendar.ts'
import { isSameWindow, type CompareWindow } from '@/domain/time/compare-window.ts'
import type { Period } from '@/domain/time/period.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useAnswer } from '@/stores/use-answer.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useQueryChoice } from '@/stores/view/use-query-choice.ts'
import type { MapPageContext } from '../map-page-context.ts'
import { comparedWindow, type Obstacle } from '../use-area-figures.ts'
import { useMapLayer } from '../use-map-layer.ts'

/** The days compared with. */
export const compareModes = ['period_before', 'year_before'] as const
export type CompareMode = (typeof compareModes)[number]

/** Measures that mean the same on both sides: earlier reports had more time to be closed. */
export const comparableMeasures: readonly AreaMeasure[] = ['count', 'per_households', 'per_km2']

export interface ComparedPair {
  earlier: Reading
  later: Reading
  /** Of the counts, with its verdict. */
  change: Reading
}

export interface CompareContext {
  /** Null: not compared. In the URL. */
  mode: Ref<CompareMode | null>
  /** Earlier days, shown on the left; null while they cannot be compared. */
  window: ComputedRef<CompareWindow | null>
  /** Days on the right: those of the period that have come. */
  later: ComputedRef<NonNullable<Period> | null>
  obstacle: ComputedRef<Obstacle | null>
  /** Null while loading, and while nothing is compared. */
  earlierOf: ComputedRef<((area: Area) => AreaFigures) | null>
  pairOf: (area: Area) => ComparedPair | null
  /** Share of the map's width that shows the earlier days. */
  divider: Ref<number>
}

const key: InjectionKey<CompareContext> = Symbol('compare')

export function useCompare(): CompareContext {
  const context = inject(key)
  if (!context) throw new Error('useCompare() outside of a map page')
  return context
}

/** Only a map of areas compares; on other layers the choice waits. */
export function useCompareMode(): WritableCompareMode {
  const layer = useMapLayer()
  const chosen = useQueryChoice<CompareMode | null>(
    'compare',
    () => compareModes,
    () => null,
  )
  return computed({
    get: () => (layer.value === 'areas' ? chosen.value : null),
    set: (next) => (chosen.value = next),
  })
}
type WritableCompareMode = ReturnType<typeof useQueryChoice<CompareMode | null>>

export function provideCompare(mode: Ref<CompareMode | null>, page: MapPageContext): void {
  const areas = useAreasStore()
  const columns = useColumnsStore()
  const filter = useFilterStore()

  const compared = computed(
    () => mode.value && comparedWindow(filter.effective, mode.value, filter.span),
  )
  const obstacle = computed(() => (typeof compared.value === 'string' ? compared.value : null))
  const window = computed(() => (typeof compared.value === 'string' ? null : compared.value))
  const later = computed(() => {
    if (!window.value) return null
    const { period, shiftDays } = window.value
    return { from: addDays(period.from, shiftDays), to: addDays(period.to, shiftDays) }
  })
  const counts = useAnswer('windowCounts', window)

  const earlierOf = computed(() => {
    const { figuresOf } = page
    const { value: answer } = counts
    const { value: wanted } = window
    const { value: laterOf } = figuresOf
    if (!answer || !wanted || !laterOf || !isSameWindow(answer.window, wanted)) return null
    const { loadedFrom } = columns
    // Older months still load.
    if (loadedFrom && monthOfDay(wanted.period.from) < loadedFrom) return null
    const byArea = rollUp(answer.byArea, areas.list)
    return (area: Area): AreaFigures => {
      const { households, squareKm } = laterOf(area)
      const count = byArea[area.idx] ?? 0
      return { ...nothing, count, households, squareKm }
    }
  })

  provide(key, {
    mode,
    window,
    later,
    obstacle,
    earlierOf,
    divider: ref(0.5),
    pairOf(area) {
      const { value: before } = earlierOf
      const { value: now } = page.figuresOf
      if (!before || !now) return null
      const [earlier, later] = [before(area), now(area)]
      const { read } = measureOf(page.measure.value)
      return {
        earlier: read(earlier),
        later: read(later),
        change: measureOf('period_change').read({ ...later, before: earlier.count }),
      }
    },
  })
}

const nothing: AreaFigures = {
  count: 0,
  open: 0,
  overdue: 0,
  within_day: 0,
  households: null,
  squareKm: null,
  closing: null,
  before: null,
}
