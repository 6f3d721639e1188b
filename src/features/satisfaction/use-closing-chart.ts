import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { useChartLook } from '@/charts/use-chart-look.ts'
import { closingView } from '@/charts/views/still-open.ts'
import { encodeFilter } from '@/domain/filter/filter-url.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useAnswer } from '@/stores/use-answer.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'

/** How long cases stay open; those still open count with their age. */
export function useClosingChart(areaLevel: Readonly<Ref<AreaLevel>>) {
  const { t } = useI18n()
  const look = useChartLook()
  const filter = useFilterStore()
  const columns = useColumnsStore()
  const router = useRouter()
  const closing = useAnswer('closing', () => ({
    ...{ withinDays: 7, areaLevel: areaLevel.value, isWhole: true },
  }))
  /** The incidents that the curve saw open for longer, in the list of the same filter. */
  function openRows(openLonger: number): void {
    const asked = { ...filter.filter, openLonger }
    void router.push({ name: 'table', query: encodeFilter(asked, filter.drill) })
  }
  return computed(() => {
    const names = {
      ...{ fileName: 'still-open', title: t('satisfaction.stillOpen') },
      isPartial: columns.periodPartial,
    }
    return closingView(closing.value, names, look.value, openRows)
  })
}
