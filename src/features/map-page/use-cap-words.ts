import { useI18n } from 'vue-i18n'
import type { PointTotals } from '@/map/types.ts'
import { useCounted } from '@/ui/use-counted.ts'

/** Says that a map shows fewer incidents than there are, and where the others are; null where all are there. */
export function useCapWords(): (totals: PointTotals) => string | null {
  const { t } = useI18n()
  const counted = useCounted()
  return ({ shown, total, hidden, isClosest }) => {
    if (shown >= total) return null
    if (hidden === 0) return counted('map-page.points-stacked', { shown, total })
    const drawn = counted('map-page.points-capped', { shown: total - hidden, total })
    return `${drawn}${t(isClosest ? 'map-page.points-in-list' : 'map-page.points-closer')}`
  }
}
