import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useChartLook } from '@/charts/use-chart-look.ts'
import type { ChartView } from '@/charts/chart-view.ts'
import { areaRankingView } from '@/charts/views/area-ranking.ts'
import { monthFlowView } from '@/charts/views/month-flow.ts'
import { shareClosedView } from '@/charts/views/share-closed.ts'
import { timeToCloseView } from '@/charts/views/time-to-close.ts'
import { weekHoursView } from '@/charts/views/week-hours.ts'
import { measures } from '@/domain/measure/index.ts'
import { countFigures, rankAreas } from '@/domain/measure/rank.ts'
import { useAreaCounts } from '@/parts/filter/use-area-choice.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useAnswer } from '@/stores/use-answer.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { comparedParent } from '@/parts/filter/compared-parent.ts'
import { useMonthChoice } from './use-month-choice.ts'

/** A click narrows the shared filter. */
export function useOverviewCharts(withinDays: Readonly<Ref<number>>) {
  const { t, locale } = useI18n()
  const look = useChartLook()
  const session = useSessionStore()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const filter = useFilterStore()
  const columns = useColumnsStore()
  const counts = useAreaCounts()
  const toggleMonth = useMonthChoice()

  const parent = computed(() =>
    comparedParent(
      areas.list,
      filter.drill,
      session.memberships.map((one) => one.areaPath),
    ),
  )
  const compared = computed(() => (parent.value ? areas.children(parent.value.code) : []))
  const areaLevel = computed(() => compared.value[0]?.level ?? 'grid')
  const level = computed(() => t(`domain.level.${areaLevel.value}`))
  const closing = useAnswer('closing', () => ({
    withinDays: withinDays.value,
    areaLevel: areaLevel.value,
  }))

  const flow = computed(() =>
    monthFlowView(
      {
        months: columns.projection?.months ?? null,
        isPartial: columns.partial,
        narrow: (month) => toggleMonth(month),
      },
      look.value,
    ),
  )

  const isAreaSelected = (code: string) => filter.filter.areas.includes(code)
  const ranked = computed(() => {
    const { value: found } = counts
    if (!found) return null
    return rankAreas(compared.value, (area) => countFigures(found, area), measures.count).map(
      ({ area: { code, name }, count, open, overdue }) => ({
        key: code,
        name,
        count,
        open,
        overdue,
        selected: isAreaSelected(code),
      }),
    )
  })
  const ranking = computed(() =>
    areaRankingView(
      { areas: ranked.value, level: level.value, narrow: filter.toggleArea },
      look.value,
    ),
  )

  const categoryGroups = computed(() =>
    largestFirst(closing.value?.byCategory ?? []).flatMap((group) => {
      const category = categories.byIdx(group.idx)
      if (!category) return []
      const selected = filter.filter.categories.includes(category.code)
      const name = categories.nameOf(category, locale.value)
      return { ...group, key: category.code, name, selected }
    }),
  )
  const areaGroups = computed(() =>
    largestFirst(closing.value?.byArea ?? []).flatMap((group) => {
      const area = areas.byIdx(group.idx)
      if (!area) return []
      return { ...group, key: area.code, name: area.name, selected: isAreaSelected(area.code) }
    }),
  )
  const timeToClose = computed(() =>
    timeToCloseView(
      {
        summary: closing.value,
        categories: categoryGroups.value,
        narrow: filter.toggleCategory,
      },
      look.value,
    ),
  )
  const share = (by: 'category' | 'area') =>
    computed(() =>
      shareClosedView(
        {
          by,
          groups: closing.value && (by === 'area' ? areaGroups.value : categoryGroups.value),
          withinDays: withinDays.value,
          level: level.value,
          narrow: by === 'area' ? filter.toggleArea : filter.toggleCategory,
        },
        look.value,
      ),
    )
  const shareByCategory = share('category')
  const shareByArea = share('area')

  /** Nothing matches only once the period has been loaded. */
  const waiting = (view: ChartView): ChartView =>
    view.empty && columns.periodPartial ? { ...view, loading: true, empty: false } : view

  const week = useAnswer('weekHours', {})
  const weekHours = computed(() => weekHoursView({ week: week.value }, look.value))

  return {
    parent,
    closing,
    charts: computed(() =>
      [flow.value, ranking.value, timeToClose.value, weekHours.value].map(waiting),
    ),
    /** Depends on `withinDays`. */
    shares: computed(() => [shareByCategory.value, shareByArea.value].map(waiting)),
  }
}

const largestFirst = <T extends { idx: number; n: number }>(groups: readonly T[]): T[] =>
  groups.toSorted((a, b) => b.n - a.n || a.idx - b.idx)
