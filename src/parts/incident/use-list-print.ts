import { useEventListener } from '@vueuse/core'
import { nextTick, onScopeDispose, readonly, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { incidentsRepo, type IncidentRow } from '@/data/incidents.repo.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useIncidentBrowser } from './incident-browser.ts'

/** About 60 sheets: a longer list is a file's work. */
export const mostPrinted = 2_000
/** The most that a call of the list gives. */
const rowsAtOnce = 1_000

export interface ListPrint {
  /** The rows of the paper, in the order of the list; null while nothing is printed. */
  printed: Readonly<ShallowRef<readonly IncidentRow[] | null>>
  isPreparing: Readonly<Ref<boolean>>
  error: Readonly<Ref<AppError | null>>
  /** Fetches up to `mostPrinted` rows of the filter and opens the browser's dialog. */
  print(): Promise<void>
}

/**
 * Prints the filter's incidents, not only those loaded so far; also for the browser's own key. Its
 * menu cannot be asked to wait: the paper then says how many of how many it holds.
 * @param isOn whether the list is what would be printed
 */
export function useListPrint(isOn: () => boolean): ListPrint {
  const session = useSessionStore()
  const filter = useFilterStore()
  const { list } = useIncidentBrowser()
  const printed = shallowRef<readonly IncidentRow[] | null>(null)
  const isPreparing = ref(false)
  const error = shallowRef<AppError | null>(null)
  const leaving = new AbortController()
  onScopeDispose(() => leaving.abort())

  async function fetchRows(): Promise<IncidentRow[]> {
    const asked = { filter: filter.effective, sort: list.sort.value, limit: rowsAtOnce }
    const rows: IncidentRow[] = []
    let after: unknown = null
    do {
      const page = await session.guard(() =>
        incidentsRepo(session.backend!).list({ ...asked, after }, leaving.signal),
      )
      leaving.signal.throwIfAborted()
      rows.push(...page.rows)
      after = page.next
    } while (after !== null && rows.length < mostPrinted)
    return rows.slice(0, mostPrinted)
  }

  async function print(): Promise<void> {
    if (isPreparing.value) return
    isPreparing.value = true
    error.value = null
    try {
      printed.value = list.complete.value ? list.rows.value : await fetchRows()
      await nextTick()
      window.print()
    } catch (failure) {
      if (!isAbort(failure) && !leaving.signal.aborted) error.value = toAppError(failure)
    } finally {
      isPreparing.value = false
    }
  }

  useEventListener(window, 'afterprint', () => (printed.value = null))
  useEventListener(window, 'keydown', (event: KeyboardEvent) => {
    const isPrint = (event.ctrlKey || event.metaKey) && !event.altKey && event.key === 'p'
    if (!isPrint || !isOn()) return
    event.preventDefault()
    void print()
  })
  return { printed, isPreparing: readonly(isPreparing), error, print }
}
