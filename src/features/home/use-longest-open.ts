import { incidentsRepo, type IncidentRow } from '@/data/incidents.repo.ts'
import { emptyFilter } from '@/domain/filter/filter.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useServerQuery } from '@/stores/server-query.ts'

/** Oldest open incidents in the person's scope, ignoring the filter. */
export function useLongestOpen(limit: number) {
  const columns = useColumnsStore()
  const request = {
    filter: { ...emptyFilter(), openOnly: true },
    sort: 'reported_asc' as const,
    limit,
  }
  return useServerQuery<readonly IncidentRow[]>(
    () => ({
      key: ['longest-open', limit],
      ask: async ({ call, signal }) =>
        (await call((backend) => incidentsRepo(backend).list(request, signal))).rows,
    }),
    { revision: () => columns.asOf },
  )
}
