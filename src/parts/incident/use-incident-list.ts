import { computed, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { incidentsRepo, type IncidentRow, type IncidentSort } from '@/data/incidents.repo.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { retryWhenBack } from '@/stores/retry-when-back.ts'
import { useSessionStore } from '@/stores/session.store.ts'

export interface IncidentListState {
  rows: Readonly<ShallowRef<readonly IncidentRow[]>>
  sort: Ref<IncidentSort>
  /** True while rows are under way; those before stay until they come. */
  busy: Readonly<Ref<boolean>>
  /** True while `rows` answer an older filter or sort than the one asked for. */
  stale: Readonly<Ref<boolean>>
  /** Grows with every list that is another one, not the same brought up to date. */
  generation: Readonly<Ref<number>>
  error: Readonly<ShallowRef<AppError | null>>
  /** True when no further page follows. */
  complete: Readonly<Ref<boolean>>
  /** Resolves when the next page has come, at once when there is none. */
  loadMore(): Promise<void>
  /** Asks again for as many rows as are shown. */
  reload(): Promise<void>
}

const pageRows = 100
/** What the server gives at once. */
const maxRows = 200
/** A drag over the histogram changes the filter with every frame; the list waits for its end. */
const settleMs = 180

/**
 * The incidents of the filter, page by page. Another filter or sort begins at the first page; other
 * data bring the rows that are shown up to date, all at once, so that nobody loses their place. An
 * answer to an older question is never shown.
 *
 * @param revision changes whenever the data behind the filter did
 */
export function useIncidentList(
  sort: Ref<IncidentSort>,
  revision: () => unknown,
): IncidentListState {
  const session = useSessionStore()
  const filter = useFilterStore()
  const rows = shallowRef<readonly IncidentRow[]>([])
  const busy = ref(true)
  const stale = ref(true)
  const generation = ref(0)
  const error = shallowRef<AppError | null>(null)
  const next = shallowRef<unknown>(null)
  const complete = computed(() => !stale.value && next.value === null)
  /** How many rows are wanted; grows while a fetch is under way, which then goes on. */
  let wanted = pageRows
  let controller: AbortController | null = null
  let underway: Promise<void> = Promise.resolve()
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Adds pages to `known` until there are as many rows as wanted, and shows them. */
  async function fill(known: readonly IncidentRow[], cursor: unknown): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const { backend } = session
    if (!backend || !session.scope || !filter.periodKnown) return
    controller?.abort()
    const own = new AbortController()
    controller = own
    busy.value = true
    error.value = null
    const question = { filter: filter.effective, sort: sort.value }
    try {
      do {
        const limit = Math.min(maxRows, wanted - known.length)
        const request = { ...question, after: cursor, limit }
        const page = await session.guard(() => incidentsRepo(backend).list(request, own.signal))
        if (own.signal.aborted) return
        known = [...known, ...page.rows]
        cursor = page.next ?? null
      } while (cursor !== null && known.length < wanted)
      if (stale.value) generation.value++
      stale.value = false
      rows.value = known
      next.value = cursor
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
    if (stale.value || error.value || next.value === null) return
    wanted = rows.value.length + pageRows
    // What is about to be brought up to date comes longer; else only the next page is fetched.
    if (timer !== undefined) underway = fill([], null)
    else if (!controller) underway = fill(rows.value, next.value)
    await underway
  }

  const reload = (): Promise<void> => (underway = fill([], null))

  function schedule(): void {
    clearTimeout(timer)
    busy.value = true
    timer = setTimeout(() => void reload(), settleMs)
  }

  watch(
    [() => filter.effective, () => filter.periodKnown, () => session.scope, sort],
    () => {
      controller?.abort()
      controller = null
      stale.value = true
      wanted = pageRows
      schedule()
    },
    { immediate: true },
  )
  watch(revision, schedule)
  retryWhenBack(
    () => error.value,
    () => void reload(),
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    controller?.abort()
  })

  return { rows, sort, busy, stale, generation, error, complete, loadMore, reload }
}
