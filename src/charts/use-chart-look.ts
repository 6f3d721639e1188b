import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useCounted } from '@/ui/use-counted.ts'
import { useFormat } from '@/ui/use-format.ts'
import type { ChartLook } from './chart-view.ts'
import { useChartTheme } from './use-chart-theme.ts'

export function useChartLook(): ComputedRef<ChartLook> {
  const { t } = useI18n()
  const counted = useCounted()
  const format = useFormat()
  const theme = useChartTheme()
  return computed(() => ({
    theme: theme.value,
    text: {
      t: (key, words = {}) => t(key, words),
      counted,
      number: (value, digits = 0) => format.value.decimal(value, digits),
      percent: format.value.percent,
      month: format.value.localMonth,
    },
  }))
}
