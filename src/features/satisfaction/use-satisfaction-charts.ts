import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ChartView } from '@/charts/chart-view.ts'
import { useChartLook } from '@/charts/use-chart-look.ts'
import { fairRankingView } from '@/charts/views/fair-ranking.ts'
import { funnelView } from '@/charts/views/funnel.ts'
import { heatTableView } from '@/charts/views/heat-table.ts'
import { stillOpenView } from '@/charts/views/still-open.ts'
import { xmrView } from '@/charts/views/xmr.ts'
import {
  answersToJudge,
  goodAnswers,
  type FairRanking,
  type Satisfaction,
  type SatisfactionRate,
} from '@/domain/answers/satisfaction.ts'
import { judgedTrend } from '@/domain/answers/satisfaction-judged.ts'
import { firstDayOf, lastDayOf } from '@/domain/time/calendar.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useAnswer } from '@/stores/use-answer.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useFormat } from '@/ui/use-format.ts'

/** While loading there is nothing to tell. */
const quiet = (view: ChartView): ChartView => (view.loading ? { ...view, note: '' } : view)

const tableDays = [1, 3, 7, 14, 30, 60, 90, 180, 365]

interface Asked {
  rate: Readonly<Ref<SatisfactionRate>>
  areaLevel: Readonly<Ref<AreaLevel>>
  trend: Readonly<Ref<Satisfaction | null>>
  fair: Readonly<Ref<FairRanking | null>>
  /** Narrows to an area. */
  drillInto: (code: string) => void
}

/** A click narrows the shared filter. */
export function useSatisfactionCharts({ rate, areaLevel, trend, fair, drillInto }: Asked) {
  const { t, locale } = useI18n()
  const look = useChartLook()
  const format = useFormat()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const filter = useFilterStore()
  const measure = computed(() => t(`satisfaction.rate.${rate.value}`))
  const level = computed(() => t(`domain.level.${areaLevel.value}`))
  const percent = (share: number): string => format.value.percent(share)

  /** Months with too few answers are left out. */
  const trendMonths = computed(() =>
    (trend.value?.months ?? [])
      .map((one) => ({ month: one.month, ...goodAnswers(one, rate.value) }))
      .filter(({ n }) => n >= answersToJudge.least),
  )
  const trendView = computed(() => {
    const months = trendMonths.value
    const chart = judgedTrend(months)
    const points = months.map(({ month, count, n }, at) => ({
      label: month,
      ...{ value: count / n, n, cause: chart.causes[at] ?? null },
    }))
    return xmrView(
      {
        fileName: 'satisfaction-trend',
        title: t('satisfaction.trend', { name: measure.value }),
        measure: measure.value,
        points: trend.value && points,
        limits: chart.limits,
        ...{ target: null, assurance: null, format: percent },
        narrow: (row) => toggleMonth(months[row]!.month),
      },
      look.value,
    )
  })
  function toggleMonth(month: string): void {
    const days = { from: firstDayOf(month), to: lastDayOf(month) }
    const { period } = filter.filter
    // A second click restores the default period.
    if (period?.from === days.from && period.to === days.to) filter.clear('period')
    else filter.setPeriod(days)
  }

  const ranked = computed(
    () =>
      fair.value?.ranked.flatMap((entry) => {
        const area = areas.byIdx(entry.idx)
        if (!area) return []
        const selected = filter.filter.areas.includes(area.code)
        return [{ ...entry, key: area.code, name: area.name, selected }]
      }) ?? null,
  )
  const nameOf = (idx: number): string => areas.byIdx(idx)?.name ?? String(idx)
  const ranking = computed(() =>
    fairRankingView(
      {
        fileName: 'satisfaction-ranking',
        title: t('satisfaction.ranking', { name: measure.value, level: level.value }),
        measure: measure.value,
        entries: ranked.value,
        tooFew: fair.value?.tooFew.map(nameOf) ?? [],
        least: answersToJudge.least,
        narrow: drillInto,
      },
      look.value,
    ),
  )
  const funnel = computed(() => {
    const { n = 0, count = 0, dispersion = 1, steps = [] } = fair.value ?? {}
    return funnelView(
      {
        fileName: 'satisfaction-funnel',
        title: t('satisfaction.funnel', { name: measure.value, level: level.value }),
        measure: measure.value,
        entries: ranked.value?.map((one) => ({ ...one, value: one.share })) ?? null,
        steps,
        target: n === 0 ? 0 : count / n,
        isWidened: dispersion > 1,
        format: percent,
        narrow: drillInto,
      },
      look.value,
    )
  })

  const heat = computed(() => {
    const table = fair.value?.table
    const rows = (table?.categories ?? []).map((idx) => categories.byIdx(idx))
    return heatTableView(
      {
        fileName: 'satisfaction-table',
        title: t('satisfaction.table', { name: measure.value, level: level.value }),
        measure: measure.value,
        categories: rows.map((one) => (one ? categories.nameOf(one, locale.value) : '')),
        areas: table?.areas.map(nameOf) ?? [],
        cells:
          table?.cells.map(({ count, n }) => ({
            value: n < answersToJudge.least ? null : count / n,
            n,
          })) ?? null,
        format: percent,
        narrow: (row, column) => {
          const [category, area] = [rows[row], areas.byIdx(table?.areas[column] ?? -1)]
          if (category) filter.setCategories([category.code])
          if (area) filter.setAreas([area.code])
        },
      },
      look.value,
    )
  })

  const closing = useAnswer('closing', () => ({ withinDays: 7, areaLevel: areaLevel.value }))
  const stillOpen = computed(() => {
    const answer = closing.value
    const inDays = (hours: number | null): number | null => (hours === null ? null : hours / 24)
    const known = (limit: number | undefined): number | null =>
      limit === undefined || Number.isNaN(limit) ? null : limit
    const { time = null, low = null, high = null } = answer?.median ?? {}
    return stillOpenView(
      {
        fileName: 'still-open',
        title: t('satisfaction.stillOpen'),
        ...{ n: answer?.n ?? 0, open: answer?.open ?? 0, tableDays },
        steps:
          answer &&
          Array.from(answer.curve.hours, (hours, at) => ({
            days: hours / 24,
            share: answer.curve.open[at]!,
            low: known(answer.curve.low[at]),
            high: known(answer.curve.high[at]),
          })),
        medianDays: { time: inDays(time), low: inDays(low), high: inDays(high) },
      },
      look.value,
    )
  })

  return {
    trends: computed(() => [quiet(trendView.value)]),
    comparison: computed(() => [ranking.value, funnel.value, heat.value].map(quiet)),
    closings: computed(() => [quiet({ ...stillOpen.value, wide: true })]),
  }
}
