import { computed, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { isAbort } from '@/data/errors.ts'
import { report } from '@/data/problems.ts'
import type { Area } from '@/domain/city/area.ts'
import { rollUp } from '@/domain/city/roll-up.ts'
import { measureOf, type AreaMeasure } from '@/domain/measure/index.ts'
import type { AreaFigures } from '@/domain/measure/measure.ts'
import { countFigures, type AreaCounts } from '@/domain/measure/rank.ts'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import { monthOfDay } from '@/domain/time/calendar.ts'
import {
  compareWindow,
  isSameWindow,
  type CompareWindow,
  type NoWindow,
} from '@/domain/time/compare-window.ts'
import type { DataSpan } from '@/domain/time/period.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { squareKm } from '@/geo/square-km.ts'
import { useAreaCounts } from '@/parts/filter/use-area-choice.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useAnswer } from '@/stores/use-answer.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useSmoothedRates } from './use-smoothed-rates.ts'

/** Why a measure cannot be told. `stages`: earlier reports had more time to reach a stage. */
export type Obstacle = NoWindow | 'stages'

export interface AreaFiguresSource {
  /** Null while anything the measure needs is missing. */
  figuresOf: ComputedRef<((area: Area) => AreaFigures) | null>
  /** Of a period in motion, else the same: for the map. */
  liveFiguresOf: ComputedRef<((area: Area) => AreaFigures) | null>
  /** The measure can follow a period in motion: it needs only counts. */
  isQuick: ComputedRef<boolean>
  /** With which days a change compares; null for other measures. */
  window: ComputedRef<CompareWindow | null>
  obstacle: ComputedRef<Obstacle | null>
}

/**
 * Asks the worker and the server only for the figures that the measure needs.
 * @param levels of the areas wanted: of the map, and of the list where it differs
 */
export function useAreaFigures(
  measure: Readonly<Ref<AreaMeasure>>,
  levels: Readonly<Ref<readonly AreaLevel[]>>,
): AreaFiguresSource {
  const areas = useAreasStore()
  const columns = useColumnsStore()
  const filter = useFilterStore()
  const counts = useAreaCounts()
  const liveCounts = useAreaCounts(true)
  const needs = computed(() => measureOf(measure.value).needs)

  const compared = computed(() => {
    if (needs.value !== 'period_before' && needs.value !== 'year_before') return null
    return comparedWindow(filter.effective, needs.value, filter.span)
  })
  const obstacle = computed(() => (typeof compared.value === 'string' ? compared.value : null))
  const window = computed(() => (typeof compared.value === 'string' ? null : compared.value))

  const askClosing = (at: 0 | 1) =>
    useAnswer('closingByArea', () => {
      const areaLevel = levels.value[at]
      return needs.value === 'closing' && areaLevel
        ? { areaLevel, withinDays: 1, window: null }
        : null
    })
  const closing = [askClosing(0), askClosing(1)]
  const earlier = useAnswer('windowCounts', () =>
    window.value ? { window: window.value, figure: 'reported' as const } : null,
  )
  const smoothed = [0, 1].map((at) =>
    useSmoothedRates(
      () => levels.value[at] ?? null,
      measure,
      () => null,
    ),
  )
  const sizes = useAreaSizes(levels, () => needs.value === 'shapes')

  const isQuick = computed(() => needs.value === null || needs.value === 'shapes')
  function quickFigures(found: AreaCounts): ((area: Area) => AreaFigures) | null {
    if (needs.value !== 'shapes') return (area) => countFigures(found, area)
    const { value: known } = sizes
    if (!known) return null
    return (area) => ({ ...countFigures(found, area), squareKm: known.get(area.idx) ?? null })
  }

  const figuresOf = computed(() => {
    const { value: found } = counts
    if (!found) return null
    if (obstacle.value || isQuick.value) return quickFigures(found)
    switch (needs.value) {
      case 'closing': {
        const answers = levels.value.map((level, at) =>
          closing[at]?.value?.areaLevel === level ? closing[at].value.areas : null,
        )
        if (answers.includes(null)) return null
        const byIdx = new Map(answers.flatMap((one) => one ?? []).map((one) => [one.idx, one]))
        return (area: Area) => ({
          ...countFigures(found, area),
          closing: byIdx.get(area.idx) ?? null,
        })
      }
      case 'smoothed_by_all':
      case 'smoothed_by_neighbours': {
        const answers = levels.value.map((_, at) => smoothed[at]?.value ?? null)
        if (answers.includes(null)) return null
        const byIdx = new Map(answers.flatMap((one) => [...(one ?? [])]))
        return (area: Area) => ({
          ...countFigures(found, area),
          smoothed: byIdx.get(area.idx) ?? null,
        })
      }
      default: {
        const { value: answer } = earlier
        const { loadedFrom } = columns
        if (!answer || !window.value || !isSameWindow(answer.window, window.value)) return null
        // Older months still load.
        if (loadedFrom && monthOfDay(window.value.period.from) < loadedFrom) return null
        const before = rollUp(answer.byArea, areas.list)
        return (area: Area) => ({ ...countFigures(found, area), before: before[area.idx] ?? 0 })
      }
    }
  })
  const liveFiguresOf = computed(() => {
    if (columns.live === columns.projection || !isQuick.value) return figuresOf.value
    return liveCounts.value && quickFigures(liveCounts.value)
  })
  return { figuresOf, liveFiguresOf, isQuick, window, obstacle }
}

/** Null before the data's span is known. */
export function comparedWindow(
  { stages, openOnly, onHoldOnly, due, period }: IncidentFilter,
  before: 'period_before' | 'year_before',
  span: DataSpan | null,
): CompareWindow | Obstacle | null {
  if (stages.length > 0 || openOnly || onHoldOnly || due.length > 0) return 'stages'
  return span && compareWindow(period, before, span)
}

/** By `Area.idx`; null while the shapes load. The map draws the same shapes. */
function useAreaSizes(
  levels: Readonly<Ref<readonly AreaLevel[]>>,
  isWanted: () => boolean,
): Readonly<Ref<ReadonlyMap<number, number> | null>> {
  const areas = useAreasStore()
  const sizes = shallowRef<ReadonlyMap<number, number> | null>(null)
  const sizesOf = async (level: AreaLevel): Promise<[idx: number, squareKm: number][]> =>
    (await areas.features(level)).features.map(({ id, geometry }) => [
      Number(id),
      squareKm(geometry),
    ])
  watch(
    [levels, isWanted, () => areas.list],
    async ([wanted, isNeeded]) => {
      sizes.value = null
      if (!isNeeded) return
      try {
        const found = await Promise.all(wanted.map(sizesOf))
        if (levels.value === wanted) sizes.value = new Map(found.flat())
      } catch (error) {
        // The map says that boundaries did not load.
        if (!isAbort(error)) report('map', error)
      }
    },
    { immediate: true },
  )
  return sizes
}
