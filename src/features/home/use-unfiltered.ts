import { onBeforeRouteLeave } from 'vue-router'
import { decodeFilter, encodeFilter } from '@/domain/filter/filter-url.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'

/** Clears the filter while the page is open and restores it afterwards. */
export function useUnfiltered(): void {
  const filter = useFilterStore()
  const kept = filter.periodKnown ? encodeFilter(filter.filter, filter.drill, filter.against) : {}
  filter.applyUrl(decodeFilter({ from: 'all' }))
  onBeforeRouteLeave(() => filter.applyUrl(decodeFilter(kept)))
}
