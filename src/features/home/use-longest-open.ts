import { onScopeDispose, shallowRef, watch } from 'vue'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { incidentsRepo, type IncidentRow } from '@/data/incidents.repo.ts'
import { emptyFilter } from '@/domain/filter/filter.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { retryWhenBack } from '@/stores/retry-when-back.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** The open incidents that wait longest, of all one may see; asked again when the data changed. */
export function useLongestOpen(limit: number) {
  const session = useSessionStore()
  const columns = useColumnsStore()
  const rows = shallowRef<readonly IncidentRow[] | null>(null)
  const error = shallowRef<AppError | null>(null)
  let controller: AbortController | null = null

  async function load(): Promise<void> {
    const { backend } = session
    if (!backend) return
    controller?.abort()
    controller = new AbortController()
    const { signal } = controller
    try {
      const request = {
        filter: { ...emptyFilter(), openOnly: true },
        sort: 'reported_asc' as const,
        limit,
      }
      const page = await session.guard(() => incidentsRepo(backend).list(request, signal))
      rows.value = page.rows
      error.value = null
    } catch (failure) {
      if (!isAbort(failure)) error.value = toAppError(failure)
    }
  }

  watch([() => session.scope, () => columns.asOf], () => void load(), { immediate: true })
  retryWhenBack(
    () => error.value,
    () => void load(),
  )
  onScopeDispose(() => controller?.abort())
  return { rows, error, load }
}
