import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { provideChartOrigin } from '@/charts/chart-origin.ts'
import { useFilterWords } from './use-filter-words.ts'

/** The charts of this page show the common filter: their files say city, period, filter and as-of. */
export function useChartOrigin(): void {
  const { t } = useI18n()
  const words = useFilterWords()
  provideChartOrigin(
    computed(() => {
      const { city, period, parts, asOf, fileName } = words.value
      const filter = parts.join(' · ')
      return {
        lines: [
          [city, period].filter(Boolean).join(' · '),
          ...(filter ? [t('picture.filter', { name: filter })] : []),
          ...(asOf ? [t('map-page.as-of', { at: asOf })] : []),
        ],
        fileName,
      }
    }),
  )
}
