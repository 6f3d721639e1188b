import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useChartLook } from '@/charts/use-chart-look.ts'
import { stillOpenView } from '@/charts/views/still-open.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useAnswer } from '@/stores/use-answer.ts'

const tableDays = [1, 3, 7, 14, 30, 60, 90, 180, 365]

/** How long cases stay open; those still open count with their age. */
export function useClosingChart(areaLevel: Readonly<Ref<AreaLevel>>) {
  const { t } = useI18n()
  const look = useChartLook()
  const closing = useAnswer('closing', () => ({
    ...{ withinDays: 7, areaLevel: areaLevel.value, isWhole: true },
  }))
  return computed(() => {
    const answer = closing.value
    const inDays = (hours: number | null): number | null => (hours === null ? null : hours / 24)
    const known = (limit: number | undefined): number | null =>
      limit === undefined || Number.isNaN(limit) ? null : limit
    const { time = null, low = null, high = null } = answer?.median ?? {}
    const view = stillOpenView(
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
    return { ...view, wide: true }
  })
}
