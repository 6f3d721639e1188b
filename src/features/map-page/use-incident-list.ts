import { computed, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { incidentsRepo, type IncidentRow, type IncidentSort } from '@/data/incidents.repo.ts'
import { useFilterStore } from '@/stores/filter.store.ts'
import { retryWhenBack } from '@/stores/retry-when-back.ts'
import { useSessionStore } from '@/stores/session.store.ts'

export interface IncidentListState {
  rows: Readonly<ShallowRef<readonly IncidentRow[]>>
  sort: Ref<IncidentSort>
  /** True while a first or further page is under way; the rows before stay until it comes. */
  busy: Readonly<Ref<boolean>>
  error: Readonly<ShallowRef<AppError | null>>
  /** True when no further page follows. */
  complete: Readonly<Ref<boolean>>
  /** Resolves when the next page has come, at once when there is none. */
  loadMore(): Promise<void>
  /** Begins again from the first page. */
  reload(): Promise<void>
}

const pageSize = 100
/** A drag over the histogram changes the filter with every frame; the list waits for its end. */
const settleMillis = 180

/**
 * The incidents of the filter, page by page. Begins again when the filter, the sort or the data
 * change; an answer to an older question is never shown.
 *
 * @param revision changes whenever the data behind the filter did
 */
export function useIncidentList(revision: () => unknown): IncidentListState {
  const session = useSessionStore()
  const filter = useFilterStore()
  const rows = shallowRef<readonly IncidentRow[]>([])
  const sort = ref<IncidentSort>('reported_desc')
  const busy = ref(true)
  const error = shallowRef<AppError | null>(null)
  const next = shallowRef<unknown>(null)
  const loadedOnce = ref(false)
  const complete = computed(() => loadedOnce.value && next.value === null)
  let controller: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function fetchPage(after: unknown, previous: readonly IncidentRow[]): Promise<void> {
    const { backend } = session
    if (!backend || !session.scope || !filter.periodKnown) return
    controller?.abort()
    const own = new AbortController()
    controller = own
    busy.value = true
    error.value = null
    try {
      const page = await session.guard(() =>
        incidentsRepo(backend).list(
          { filter: filter.effective, sort: sort.value, after, limit: pageSize },
          own.signal,
        ),
      )
      if (own.signal.aborted) return
      rows.value = [...previous, ...page.rows]
      next.value = page.next ?? null
      loadedOnce.value = true
    } catch (failure) {
      if (own.signal.aborted || isAbort(failure)) return
      error.value = toAppError(failure)
    } finally {
      if (controller === own) {
        controller = null
        busy.value = false
      }
    }
  }

  async function loadMore(): Promise<void> {
    if (busy.value || error.value || next.value === null) return
    await fetchPage(next.value, rows.value)
  }

  const reload = (): Promise<void> => fetchPage(null, [])

  watch(
    [() => filter.effective, () => filter.periodKnown, () => session.scope, sort, revision],
    () => {
      clearTimeout(timer)
      busy.value = true
      timer = setTimeout(() => void reload(), settleMillis)
    },
    { immediate: true },
  )
  retryWhenBack(() => error.value, () => void reload())
  onScopeDispose(() => {
    clearTimeout(timer)
    controller?.abort()
  })

  return { rows, sort, busy, error, complete, loadMore, reload }
}
