import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useChartLook } from '@/charts/use-chart-look.ts'
import { pChartView } from '@/charts/views/p-chart.ts'
import { xmrView } from '@/charts/views/xmr.ts'
import {
  answersToJudge,
  satisfactionRates,
  type RatingTrend,
  type SatisfactionRate,
  type TrendStep,
} from '@/domain/answers/satisfaction.ts'
import { judgedShares, judgedTrend } from '@/domain/answers/satisfaction-judged.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useFormat } from '@/ui/use-format.ts'

export type Targets = Readonly<Partial<Record<SatisfactionRate, number>>>

interface Asked {
  rate: Readonly<Ref<SatisfactionRate>>
  step: Readonly<Ref<TrendStep>>
  trend: Readonly<Ref<RatingTrend | null>>
  /** Shares from 0 to 1. */
  targets: Readonly<Ref<Targets>>
}

/** The trend of the measure as XmR and p-chart, and what the trends say about the targets. */
export function useTrendCharts({ rate, step, trend, targets }: Asked) {
  const { t } = useI18n()
  const look = useChartLook()
  const format = useFormat()
  const filter = useFilterStore()
  const measure = computed(() => t(`satisfaction.rate.${rate.value}`))
  const percent = (share: number): string => format.value.percent(share)

  /** Points with too few answers are left out. */
  const judged = ({ points }: RatingTrend, of: SatisfactionRate) =>
    points
      .map(({ from, to, [of]: good }) => ({ from, to, ...good }))
      .filter(({ n }) => n >= answersToJudge.least)
  const shown = computed(() => trend.value && judged(trend.value, rate.value))
  const labelOf = ({ from }: { from: string }): string =>
    step.value === 'month' ? from.slice(0, 'YYYY-MM'.length) : from

  const xmr = computed(() => {
    const target = targets.value[rate.value] ?? null
    const chart = judgedTrend(shown.value ?? [], target)
    return xmrView(
      {
        fileName: 'satisfaction-trend',
        title: t(`satisfaction.trend.${step.value}`, { name: measure.value }),
        measure: measure.value,
        points:
          shown.value &&
          shown.value.map((point, at) => ({
            ...{ label: labelOf(point), value: point.count / point.n, n: point.n },
            cause: chart.causes[at] ?? null,
          })),
        limits: chart.limits,
        ...{ target, assurance: chart.assurance, format: percent, narrow },
      },
      look.value,
    )
  })
  const shares = computed(() => {
    const points = shown.value ?? []
    const chart = judgedShares(points)
    return pChartView(
      {
        fileName: 'satisfaction-p-chart',
        title: t(`satisfaction.pChart.${step.value}`, { name: measure.value }),
        measure: measure.value,
        points:
          shown.value &&
          points.map((point, at) => ({
            ...{ label: labelOf(point), value: chart.shares[at]!, n: point.n },
            ...{ low: chart.low[at]!, high: chart.high[at]! },
            ...{ laneyLow: chart.laneyLow[at]!, laneyHigh: chart.laneyHigh[at]! },
          })),
        ...{ mean: chart.mean, sigma: chart.sigma, format: percent, narrow },
      },
      look.value,
    )
  })

  /** To the days of a point; a second time restores the default period. */
  function narrow(row: number): void {
    const { from, to } = shown.value![row]!
    const { period } = filter.filter
    if (period?.from === from && period.to === to) filter.clear('period')
    else filter.setPeriod({ from, to })
  }

  const assurance = computed(() =>
    Object.fromEntries(
      satisfactionRates.map((one) => {
        const target = targets.value[one] ?? null
        const points = trend.value && target !== null && judged(trend.value, one)
        return [one, points ? judgedTrend(points, target).assurance : null]
      }),
    ),
  )
  /** All points were left out. */
  const isTooFine = computed(
    () => shown.value?.length === 0 && (trend.value?.points.length ?? 0) > 0,
  )
  return { xmr, shares, assurance, isTooFine }
}
