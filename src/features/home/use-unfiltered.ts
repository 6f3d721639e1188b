import { watch } from 'vue'
import { onBeforeRouteLeave } from 'vue-router'
import { decodeFilter, encodeFilter } from '@/domain/filter-url.ts'
import { useFilterStore } from '@/stores/filter.store.ts'

/**
 * While the page is open the numbers are those of everything one may see, of all time. The filter
 * of the other pages is set aside and comes back when one goes on to them.
 */
export function useUnfiltered(): void {
  const filter = useFilterStore()
  const kept = filter.periodKnown ? encodeFilter(filter.filter, filter.drill) : {}
  const everything = () => filter.applyUrl(decodeFilter({ from: 'all' }))
  everything()
  // signing in as somebody else resets the filter beneath an open page
  watch(
    () => filter.periodKnown,
    (known) => {
      if (!known) everything()
    },
  )
  onBeforeRouteLeave(() => filter.applyUrl(decodeFilter(kept)))
}
