import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useChartLook } from '@/charts/use-chart-look.ts'
import { closingView } from '@/charts/views/still-open.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useAnswer } from '@/stores/use-answer.ts'

/** How long cases stay open; those still open count with their age. */
export function useClosingChart(areaLevel: Readonly<Ref<AreaLevel>>) {
  const { t } = useI18n()
  const look = useChartLook()
  const closing = useAnswer('closing', () => ({
    ...{ withinDays: 7, areaLevel: areaLevel.value, isWhole: true },
  }))
  return computed(() => {
    const names = { fileName: 'still-open', title: t('satisfaction.stillOpen') }
    return closingView(closing.value, names, look.value)
  })
}
