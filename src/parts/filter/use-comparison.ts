import { computed, inject, provide, type ComputedRef, type InjectionKey } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Area } from '@/domain/city/area.ts'
import { rollUp } from '@/domain/city/roll-up.ts'
import { countChange, type CountChange } from '@/domain/measure/count-change.ts'
import { addDays, monthOfDay } from '@/domain/time/calendar.ts'
import {
  compareWindow,
  endsToday,
  isSameWindow,
  type CompareWindow,
} from '@/domain/time/compare-window.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useAnswer } from '@/stores/use-answer.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useFormat } from '@/ui/use-format.ts'
import { categoryTree, countsByCode } from './category-tree.ts'

/** A count beside its earlier one, in words. */
export interface ChangeWords {
  before: number
  /** `−12 %`, or why there is no ratio. */
  change: string
  /** The 95 % interval of the ratio; empty without one. */
  interval: string
  /** Surely more or less, or nothing that is more than chance. */
  tone: 'up' | 'down' | 'chance'
}

export interface Comparison {
  isOn: ComputedRef<boolean>
  /** The earlier days; null while nothing is compared. */
  window: ComputedRef<CompareWindow | null>
  /** The instant whose time of day ends the last of the earlier days; null where that day is whole. */
  until: ComputedRef<string | null>
  /** Why nothing can be compared. */
  obstacle: ComputedRef<'all_time' | 'no_data' | 'stages' | null>
  /** Of all that the filter shows. Null while it is counted, or off. */
  total: ComputedRef<ChangeWords | null>
  area: ComputedRef<((area: Area, now: number) => ChangeWords) | null>
  /** By the category's code, with all below it. */
  category: ComputedRef<((code: string, now: number) => ChangeWords) | null>
  /** Earlier counts by the month of the period that they are compared with. */
  months: ComputedRef<ReadonlyMap<string, number> | null>
  words(now: number, before: number): ChangeWords
}

const key: InjectionKey<Comparison> = Symbol('comparison')

/** One for a page: what `provideComparison` above made. */
export function useComparison(): Comparison {
  const comparison = inject(key)
  if (!comparison) throw new Error('useComparison() without provideComparison() above it')
  return comparison
}

/** Compares the received of the filter with earlier days, by the filter's `against`. */
export function provideComparison(): Comparison {
  const { t } = useI18n()
  const format = useFormat()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const columns = useColumnsStore()
  const filter = useFilterStore()

  const compared = computed(() => {
    const { stages, openOnly, onHoldOnly, due, period } = filter.effective
    if (!filter.against || !filter.span) return null
    // Earlier reports had more time to reach a stage.
    if (stages.length > 0 || openOnly || onHoldOnly || due.length > 0) return 'stages'
    return compareWindow(period, filter.against, filter.span)
  })
  const window = computed(() => (typeof compared.value === 'string' ? null : compared.value))
  const obstacle = computed(() => (typeof compared.value === 'string' ? compared.value : null))
  const answer = useAnswer(
    'windowCounts',
    () => window.value && { window: window.value, figure: 'reported' },
  )
  const earlier = computed(() => {
    const { value: found } = answer
    if (!found || !window.value || !isSameWindow(found.window, window.value)) return null
    const { loadedFrom } = columns
    // Older months still load.
    return loadedFrom && monthOfDay(window.value.period.from) < loadedFrom ? null : found
  })

  const ratioWord = (ratio: number): string => {
    const size = format.value.wholePercent(Math.abs(ratio - 1))
    return ratio < 1 ? `−${size}` : `+${size}`
  }
  const verdictWord = ({ verdict, ratio }: CountChange): string => {
    if (verdict === 'ratio' && ratio !== null) return ratioWord(ratio)
    if (verdict === 'new') return t('map-page.measure.new')
    return verdict === 'few' ? t('map-page.measure.few-mark') : t('map-page.none')
  }
  function words(now: number, before: number): ChangeWords {
    const change = countChange(now, before)
    const { interval, tone } = change
    return {
      ...{ before, tone, change: verdictWord(change) },
      interval:
        interval === null
          ? ''
          : interval.high === null
            ? t('map-page.measure.interval-open', { low: ratioWord(interval.low) })
            : t('map-page.class-range', {
                low: ratioWord(interval.low),
                high: ratioWord(interval.high),
              }),
    }
  }

  const comparison: Comparison = {
    isOn: computed(() => filter.against !== null),
    window,
    until: computed(() =>
      window.value && filter.span && endsToday(window.value, filter.span) ? columns.asOf : null,
    ),
    obstacle,
    words,
    total: computed(() => {
      const now = columns.projection?.total
      if (!earlier.value || now === undefined) return null
      return words(
        now,
        earlier.value.byDay.reduce((sum, count) => sum + count, 0),
      )
    }),
    area: computed(() => {
      if (!earlier.value) return null
      const before = rollUp(earlier.value.byArea, areas.list)
      return (area, now) => words(now, before[area.idx] ?? 0)
    }),
    category: computed(() => {
      if (!earlier.value) return null
      const before = countsByCode(categoryTree(categories.list, earlier.value.byCategory))
      return (code, now) => words(now, before.get(code) ?? 0)
    }),
    months: computed(() => {
      if (!earlier.value) return null
      const { window: days, byDay } = earlier.value
      const found = new Map<string, number>()
      byDay.forEach((count, n) => {
        const month = monthOfDay(addDays(days.period.from, n + days.shiftDays))
        found.set(month, (found.get(month) ?? 0) + count)
      })
      return found
    }),
  }
  provide(key, comparison)
  return comparison
}
