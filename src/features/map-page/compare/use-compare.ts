import { computed, inject, provide, ref, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import type { WindowFigure } from '@/domain/answers/area-answers.ts'
import type { Area } from '@/domain/city/area.ts'
import { rollUp } from '@/domain/city/roll-up.ts'
import { measureOf, type AreaMeasure } from '@/domain/measure/index.ts'
import { medianChange } from '@/domain/measure/median.ts'
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
import { useSmoothedRates } from '../use-smoothed-rates.ts'

/** The days compared with. */
export const compareModes = ['period_before', 'year_before'] as const
export type CompareMode = (typeof compareModes)[number]

/**
 * Measures that can be told of both sides. Open ones are those open when the days of a side ended;
 * overdue ones are overdue now: the columns keep due times of open incidents alone.
 */
export const comparableMeasures: readonly AreaMeasure[] = [
  ...(['count', 'per_households', 'smoothed', 'smoothed_near', 'per_km2'] as const),
  ...(['open', 'overdue', 'median'] as const),
]

export interface ComparedPair {
  earlier: Reading
  later: Reading
  /**
   * Of the counts behind it, or of the medians. Null for overdue ones: the earlier ones had longer to
   * become overdue, and longer to be closed.
   */
  change: Reading | null
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
  /** Likewise, of the days on the right. */
  laterOf: ComputedRef<((area: Area) => AreaFigures) | null>
  pairOf: (area: Area) => ComparedPair | null
  /** Share of the map's width that shows the earlier days. */
  divider: Ref<number>
}

const key: InjectionKey<CompareContext> = Symbol('compare')

/** Null on pages that show the map's figures without a map. */
export const useCompareOfMap = (): CompareContext | null => inject(key, null)

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
  const figure = computed(() => figureOf(page.measure.value))
  const counts = useAnswer('windowCounts', () =>
    window.value ? { window: window.value, figure: figure.value } : null,
  )
  const openLater = useAnswer('windowCounts', () =>
    later.value && figure.value === 'open'
      ? { window: { period: later.value, shiftDays: 0 }, figure: 'open' as const }
      : null,
  )
  const closing = useAnswer('closingByArea', () => {
    const areaLevel = page.shownLevel.value
    return window.value && areaLevel && page.measure.value === 'median'
      ? { areaLevel, withinDays: 1, window: window.value }
      : null
  })
  const smoothed = useSmoothedRates(
    () => (window.value ? page.shownLevel.value : null),
    page.measure,
    () => window.value,
  )

  const earlierOf = computed(() => {
    const { figuresOf } = page
    const { value: answer } = counts
    const { value: wanted } = window
    const { value: laterOf } = figuresOf
    if (!answer || !wanted || !laterOf || !isSameWindow(answer.window, wanted)) return null
    if (answer.figure !== figure.value) return null
    const { loadedFrom } = columns
    // Older months still load.
    if (loadedFrom && monthOfDay(wanted.period.from) < loadedFrom) return null
    const byArea = rollUp(answer.byArea, areas.list)
    const countOf = (area: Area): number => byArea[area.idx] ?? 0
    const same = (area: Area): AreaFigures => {
      const { households, squareKm } = laterOf(area)
      return { ...nothing, households, squareKm }
    }
    switch (page.measure.value) {
      case 'open':
      case 'overdue': {
        const { value: name } = page.measure
        return (area: Area) => ({ ...same(area), [name]: countOf(area) })
      }
      case 'median': {
        const { value: found } = closing
        if (!found?.window || !isSameWindow(found.window, wanted)) return null
        const byIdx = new Map(found.areas.map((one) => [one.idx, one]))
        return (area: Area) => ({
          ...same(area),
          count: countOf(area),
          closing: byIdx.get(area.idx) ?? null,
        })
      }
      case 'smoothed':
      case 'smoothed_near': {
        const { value: found } = smoothed
        if (!found) return null
        return (area: Area) => ({
          ...same(area),
          count: countOf(area),
          smoothed: found.get(area.idx) ?? null,
        })
      }
      default:
        return (area: Area) => ({ ...same(area), count: countOf(area) })
    }
  })
  const laterOf = computed(() => {
    if (!earlierOf.value) return null
    const { value: figuresOf } = page.figuresOf
    if (figure.value !== 'open' || !figuresOf) return figuresOf
    const { value: answer } = openLater
    if (!answer || answer.window.period.to !== later.value?.to) return null
    const byArea = rollUp(answer.byArea, areas.list)
    return (area: Area) => ({ ...figuresOf(area), open: byArea[area.idx] ?? 0 })
  })

  provide(key, {
    mode,
    window,
    later,
    obstacle,
    earlierOf,
    laterOf,
    divider: ref(0.5),
    pairOf(area) {
      const { value: before } = earlierOf
      const { value: now } = laterOf
      if (!before || !now) return null
      const [earlier, later] = [before(area), now(area)]
      const measure = measureOf(page.measure.value)
      const countIn = ({ open, count }: AreaFigures): number =>
        figure.value === 'open' ? open : count
      const change = (): Reading | null => {
        if (figure.value === 'overdue') return null
        if (measure.unit === 'hours') return medianChange(earlier, later)
        const [count, before] = [countIn(later), countIn(earlier)]
        return measureOf('period_change').read({ ...later, count, before })
      }
      return { earlier: measure.read(earlier), later: measure.read(later), change: change() }
    },
  })
}

const figureOf = (measure: AreaMeasure): WindowFigure =>
  measure === 'open' || measure === 'overdue' ? measure : 'reported'

const nothing: AreaFigures = {
  count: 0,
  open: 0,
  overdue: 0,
  within_day: 0,
  households: null,
  squareKm: null,
  closing: null,
  before: null,
  smoothed: null,
}
