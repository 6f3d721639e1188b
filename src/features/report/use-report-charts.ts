import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ChartView } from '@/charts/chart-view.ts'
import { useChartLook } from '@/charts/use-chart-look.ts'
import { monthFlowView } from '@/charts/views/month-flow.ts'
import { closingView } from '@/charts/views/still-open.ts'
import { xmrView } from '@/charts/views/xmr.ts'
import { answersToJudge } from '@/domain/answers/satisfaction.ts'
import { judgedTrend } from '@/domain/answers/satisfaction-judged.ts'
import { monthOfDay } from '@/domain/time/calendar.ts'
import type { LocalMonth } from '@/domain/vocabulary.ts'
import { useFormat } from '@/ui/use-format.ts'
import type { ReportContents } from './use-report-answers.ts'

/** Pixels: three charts fit a page. */
const chartHeight = 195

/** The charts of a report, as on the pages; a click on a month opens its report. */
export function useReportCharts(
  contents: Readonly<Ref<ReportContents | null>>,
  openMonth: (month: LocalMonth) => void,
) {
  const { t } = useI18n()
  const look = useChartLook()
  const format = useFormat()

  const flow = computed(() => {
    const months = contents.value?.flow ?? null
    return monthFlowView({ months, isPartial: false, narrow: openMonth }, look.value)
  })
  const trend = computed((): ChartView => {
    const points = (contents.value?.trend.points ?? [])
      .map(({ from, satisfied }) => ({ month: monthOfDay(from), ...satisfied }))
      .filter(({ n }) => n >= answersToJudge.least)
    const chart = judgedTrend(points)
    const view = xmrView(
      {
        fileName: 'report-satisfied',
        title: t('satisfaction.trend.month', { name: t('satisfaction.rate.satisfied') }),
        measure: t('satisfaction.rate.satisfied'),
        points:
          contents.value &&
          points.map(({ month, count, n }, at) => ({
            label: month,
            ...{ value: count / n, n, cause: chart.causes[at] ?? null },
          })),
        ...{ limits: chart.limits, target: null, assurance: null },
        format: format.value.percent,
        narrow: (row) => openMonth(points[row]!.month),
      },
      look.value,
    )
    return { ...view, height: chartHeight }
  })
  const stillOpen = computed(() => {
    const names = { fileName: 'report-still-open', title: t('satisfaction.stillOpen') }
    const view = closingView(contents.value?.closing.now ?? null, names, look.value)
    return { ...view, height: chartHeight }
  })
  return { flow, trend, stillOpen }
}
