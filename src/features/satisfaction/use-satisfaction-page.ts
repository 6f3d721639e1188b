import { computed, type Ref } from 'vue'
import type { Satisfaction, SatisfactionRate, TrendStep } from '@/domain/answers/satisfaction.ts'
import { compareWindow } from '@/domain/time/compare-window.ts'
import type { Period } from '@/domain/time/period.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useComparedLevels } from '@/parts/filter/use-compared-levels.ts'
import { useRatingAnswer, useSatisfaction } from '@/stores/use-satisfaction.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { trendDays } from './trend-days.ts'

export interface Asked {
  rate: Readonly<Ref<SatisfactionRate>>
  step: Readonly<Ref<TrendStep>>
  level: Readonly<Ref<AreaLevel | null>>
  isAdjusted: Readonly<Ref<boolean>>
}

/** Asks the worker for the page's answers, by the shared filter's period, areas and categories. */
export function useSatisfactionPage({ rate, step, level, isAdjusted }: Asked) {
  const filter = useFilterStore()

  /** Days of closing; null means all. */
  const days = computed<Period>(() => filter.filter.period)
  const windowOf = (before: 'period_before' | 'year_before'): Period => {
    const found = filter.span && compareWindow(days.value, before, filter.span)
    return found && typeof found === 'object' ? found.period : null
  }
  const before = computed(() => windowOf('period_before'))
  const yearBefore = computed(() => windowOf('year_before'))

  const { parent, levels } = useComparedLevels()
  const areaLevel = computed<AreaLevel>(() =>
    level.value && levels.value.includes(level.value) ? level.value : (levels.value[0] ?? 'grid'),
  )

  /** Nothing is asked before the areas are known: the level hangs on them. */
  const isReady = computed(() => filter.periodKnown && parent.value !== null)
  const within = (period: Ref<Period>) => () =>
    isReady.value && period.value ? { months: null, days: period.value } : null
  const now = useSatisfaction(() => (isReady.value ? { months: null, days: days.value } : null))
  const then = useSatisfaction(within(before))
  const yearAgo = useSatisfaction(within(yearBefore))
  /** Asked where the period holds nothing: is there anything at all? */
  const ever = useSatisfaction(() => (hasNothing(now.value) ? { months: null } : null))
  const trend = useRatingAnswer('ratingTrend', () =>
    isReady.value && filter.span
      ? {
          step: step.value,
          days: trendDays(days.value, step.value, filter.span.lastDay),
        }
      : null,
  )
  /** Chosen areas stand out among the others: they do not hide them. */
  const fair = useRatingAnswer(
    'fairRanking',
    () =>
      isReady.value
        ? {
            ...{ areaLevel: areaLevel.value, months: null, days: days.value },
            ...{ rate: rate.value, isAdjusted: isAdjusted.value },
          }
        : null,
    () => ({ ...filter.filter, areas: filter.drill ? [filter.drill] : [] }),
  )
  /** The same days a year ago are the period before. */
  const isYear = computed(() => before.value?.from === yearBefore.value?.from)
  return { days, isYear, levels, areaLevel, now, then, yearAgo, ever, trend, fair }
}

export const hasNothing = (answer: Satisfaction | null): boolean =>
  answer !== null && answer.all.asked + answer.all.answered === 0
