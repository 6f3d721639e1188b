import { onBeforeRouteLeave } from 'vue-router'
import { decodeFilter, encodeFilter } from '@/domain/filter/filter-url.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'

/**
 * While the page is open the numbers are those of everything one may see, of all time. The filter
 * of the other pages is set aside and comes back when one goes on to them.
 */
export function useUnfiltered(): void {
  const filter = useFilterStore()
  const kept = filter.periodKnown ? encodeFilter(filter.filter, filter.drill) : {}
  filter.applyUrl(decodeFilter({ from: 'all' }))
  onBeforeRouteLeave(() => filter.applyUrl(decodeFilter(kept)))
}
