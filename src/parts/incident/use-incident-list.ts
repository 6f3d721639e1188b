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
  /** Old rows stay while loading. */
  busy: ComputedRef<boolean>
  /** True while `rows` belong to an older filter or sort. */
  stale: ComputedRef<boolean>
  /** Incremented for a new filter or sort, not for a refresh. */
  generation: Readonly<Ref<number>>
  error: Readonly<Ref<AppError | null>>
  complete: ComputedRef<boolean>
  /** Resolves when the next page has come, at once when there is none. */
  loadMore(): Promise<void>
  /** Reloads all shown rows. */
  reload(): Promise<void>
}

const pageRows = 100
/** A histogram drag changes the filter every frame; the list waits for its end. */
const settleMs = 180

/**
 * The filter's incidents, page by page. New data replace all shown rows at once, to keep the scroll
 * position.
 * @param revision a change reloads
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
