import { computed, type Ref } from 'vue'
import type { SmoothedRate } from '@/domain/answers/area-answers.ts'
import { measureOf, type AreaMeasure } from '@/domain/measure/index.ts'
import { isSameWindow, type CompareWindow } from '@/domain/time/compare-window.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { useAnswer } from '@/stores/use-answer.ts'
import { useAreaShapes } from '@/stores/use-area-shapes.ts'

export type SmoothedByIdx = ReadonlyMap<number, SmoothedRate & { count: number }>

/**
 * By `Area.idx`; null while loading and while another measure is shown.
 * @param window its days instead of the filter's period
 */
export function useSmoothedRates(
  level: () => AreaLevel | null,
  measure: Readonly<Ref<AreaMeasure>>,
  window: () => CompareWindow | null,
): Readonly<Ref<SmoothedByIdx | null>> {
  const towards = computed(() => {
    const { needs } = measureOf(measure.value)
    if (needs === 'smoothed_by_all') return 'all'
    return needs === 'smoothed_by_neighbours' ? 'neighbours' : null
  })
  const shapes = useAreaShapes(() => (towards.value ? level() : null), useAreaScope())
  const answer = useAnswer('smoothedRates', () =>
    shapes.value && towards.value
      ? { level: shapes.value, towards: towards.value, window: window() }
      : null,
  )
  return computed(() => {
    const { value: found } = answer
    if (!found || found.options.towards !== towards.value || found.options.level !== level())
      return null
    const [asked, wanted] = [found.options.window, window()]
    const isWanted = asked && wanted ? isSameWindow(asked, wanted) : asked === wanted
    return isWanted ? new Map(found.areas.map((one) => [one.idx, one])) : null
  })
}
