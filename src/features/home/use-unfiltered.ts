import { onBeforeRouteLeave } from 'vue-router'
import { decodeFilter, encodeFilter } from '@/domain/filter/filter-url.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'

/**
 * While the page is open, its numbers cover the person's whole scope and all time. The filter of
 * the other pages is put back when the page is left.
 */
export function useUnfiltered(): void {
  const filter = useFilterStore()
  const kept = filter.periodKnown ? encodeFilter(filter.filter, filter.drill) : {}
  filter.applyUrl(decodeFilter({ from: 'all' }))
  onBeforeRouteLeave(() => filter.applyUrl(decodeFilter(kept)))
}
