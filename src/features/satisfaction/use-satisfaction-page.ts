import { computed, type Ref } from 'vue'
import {
  monthsBefore,
  type MonthSpan,
  type SatisfactionRate,
} from '@/domain/answers/satisfaction.ts'
import { monthFromNumber, monthNumber, monthOfDay } from '@/domain/time/calendar.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useComparedLevels } from '@/parts/filter/use-compared-levels.ts'
import { useRatingAnswer, useSatisfaction } from '@/stores/use-satisfaction.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'

/** A trend wants more months than the usual period has. */
const leastTrendMonths = 24

/** What the page asks of the worker, by the shared filter's period, areas and categories. */
export function useSatisfactionPage(rate: Ref<SatisfactionRate>, level: Ref<AreaLevel | null>) {
  const filter = useFilterStore()

  /** Whole months of closing that the period touches; null means all. */
  const months = computed<MonthSpan | null>(() => {
    const { period } = filter.filter
    return period && { from: monthOfDay(period.from), to: monthOfDay(period.to) }
  })
  const before = computed(() => months.value && monthsBefore(months.value))
  const trendMonths = computed<MonthSpan | null>(() => {
    if (!months.value) return null
    const { from, to } = months.value
    const early = monthFromNumber(monthNumber(to) - leastTrendMonths + 1)
    return { from: early < from ? early : from, to }
  })

  const { parent, levels } = useComparedLevels()
  const areaLevel = computed<AreaLevel>(() =>
    level.value && levels.value.includes(level.value) ? level.value : (levels.value[0] ?? 'grid'),
  )

  /** Nothing is asked before the areas are known: the level hangs on them. */
  const known = computed(() =>
    filter.periodKnown && parent.value ? { areaLevel: areaLevel.value } : null,
  )
  const now = useSatisfaction(() => known.value && { ...known.value, months: months.value })
  const then = useSatisfaction(
    () => known.value && before.value && { ...known.value, months: before.value },
  )
  const trend = useSatisfaction(() => known.value && { ...known.value, months: trendMonths.value })
  const ever = useSatisfaction(() => known.value && { ...known.value, months: null })
  /** Chosen areas stand out among the others: they do not hide them. */
  const fair = useRatingAnswer(
    'fairRanking',
    () => known.value && { ...known.value, months: months.value, rate: rate.value },
    () => ({ ...filter.filter, areas: filter.drill ? [filter.drill] : [] }),
  )
  return { months, levels, areaLevel, now, then, trend, ever, fair }
}
