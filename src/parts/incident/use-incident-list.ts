import { useDebounceFn } from '@vueuse/core'
import { computed, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { AppError } from '@/data/errors.ts'
import { incidentsRepo, type IncidentRow, type IncidentSort } from '@/data/incidents.repo.ts'
import { useServerPages } from '@/stores/server-query.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'

export interface IncidentListState {
  rows: Readonly<ShallowRef<readonly IncidentRow[]>>
  sort: Ref<IncidentSort>
  /** True while rows are under way; earlier ones stay until they come. */
  busy: ComputedRef<boolean>
  /** True while `rows` answer an older filter or sort than the present one. */
  stale: ComputedRef<boolean>
  /** Incremented with every other list; the same list brought up to date keeps it. */
  generation: Readonly<Ref<number>>
  error: Readonly<Ref<AppError | null>>
  /** True when no further page follows. */
  complete: ComputedRef<boolean>
  /** Resolves when the next page has come, at once when there is none. */
  loadMore(): Promise<void>
  /** Asks again for as many rows as are shown. */
  reload(): Promise<void>
}

const pageRows = 100
/** A drag over the histogram changes the filter with every frame; the list waits for its end. */
const settleMs = 180

/**
 * The incidents of the filter, page by page. Another filter or sort begins at the first page. Other
 * data bring the shown rows up to date, all at once, so that nobody loses their place.
 * @param revision a change asks again
 */
export function useIncidentList(
  sort: Ref<IncidentSort>,
  revision: () => unknown,
): IncidentListState {
  const session = useSessionStore()
  const filter = useFilterStore()
  const question = computed(() =>
    filter.periodKnown ? { filter: filter.effective, sort: sort.value } : null,
  )
  const settled = shallowRef({ question: question.value, revision: revision() })
  const settle = useDebounceFn(
    () => void (settled.value = { question: question.value, revision: revision() }),
    settleMs,
  )
  watch([question, revision], () => void settle())

  const answer = useServerPages(
    () => {
      const asked = settled.value.question
      return (
        asked && {
          key: ['incidents', asked],
          ask: (call, signal, after) =>
            call((backend) =>
              incidentsRepo(backend).list({ ...asked, after, limit: pageRows }, signal),
            ),
        }
      )
    },
    { revision: () => settled.value.revision },
  )

  const rows = shallowRef<readonly IncidentRow[]>([])
  const generation = ref(0)
  const asked = () => JSON.stringify(settled.value.question)
  let answered = asked()
  watch(
    answer.data,
    (data) => {
      if (!data) return
      if (answered !== asked()) generation.value++
      answered = asked()
      rows.value = data.pages.flatMap((page) => page.rows)
    },
    { immediate: true },
  )
  watch(
    () => session.scope,
    () => (rows.value = []),
  )

  const stale = computed(
    () => answer.data.value === null || settled.value.question !== question.value,
  )
  const { error, hasMore, reload } = answer
  return {
    rows,
    sort,
    busy: computed(() => answer.busy.value || (stale.value && !error.value)),
    stale,
    generation,
    error,
    complete: computed(() => !stale.value && !hasMore.value),
    loadMore: async () => {
      if (!stale.value && !error.value) await answer.loadMore()
    },
    reload,
  }
}
