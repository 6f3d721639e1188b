import type { IncidentFilter } from '@/domain/filter/filter.ts'
import { firstDayOf, lastDayOf } from '@/domain/time/calendar.ts'
import type { LocalMonth } from '@/domain/vocabulary.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'

/**
 * Narrows the page to a month, or to its days within a period where a chart counts those alone. A
 * second choice of the same days restores the default period.
 */
export function useMonthChoice() {
  const filter = useFilterStore()
  return (month: LocalMonth, within: IncidentFilter['period'] = null): void => {
    const [first, last] = [firstDayOf(month), lastDayOf(month)]
    const from = within && within.from > first ? within.from : first
    const to = within && within.to < last ? within.to : last
    const { period } = filter.filter
    if (period?.from === from && period.to === to) filter.clear('period')
    else filter.setPeriod({ from, to })
  }
}
