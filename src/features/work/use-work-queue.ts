import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import type { AppError } from '@/data/errors.ts'
import { workRepo, type WorkRow } from '@/data/work.repo.ts'
import { emptyFilter, type IncidentFilter } from '@/domain/filter/filter.ts'
import type { Queue } from '@/domain/workflow/queue.ts'
import type { Stage } from '@/domain/vocabulary.ts'
import { useServerPages } from '@/stores/server-query.ts'

export interface WorkQueue {
  rows: ComputedRef<readonly WorkRow[]>
  /** Rows of the queue asked for have not come yet. */
  stale: ComputedRef<boolean>
  busy: ComputedRef<boolean>
  error: Readonly<Ref<AppError | null>>
  complete: ComputedRef<boolean>
  /** Server minus device clock in milliseconds, from the last answer. */
  skewMs: Readonly<Ref<number>>
  loadMore(): Promise<void>
  reload(): Promise<void>
}

/**
 * A queue page by page.
 * @param queue null asks nothing
 * @param revision a change reloads all shown rows
 */
export function useWorkQueue(
  queue: () => Queue | null,
  {
    stage,
    pageRows = 50,
    narrowedTo = () => ({}),
    revision,
  }: {
    stage?: Stage
    pageRows?: number
    narrowedTo?: () => Partial<Pick<IncidentFilter, 'areas' | 'categories'>>
    revision: () => unknown
  },
): WorkQueue {
  const skewMs = ref(0)
  const answer = useServerPages(
    () => {
      const asked = queue()
      const filter = { ...emptyFilter(), stages: stage ? [stage] : [], ...narrowedTo() }
      return (
        asked && {
          key: ['work', asked, stage ?? '', pageRows, filter.areas, filter.categories],
          ask: async (call, signal, after) => {
            const page = await call((backend) =>
              workRepo(backend).page({ queue: asked, filter, after, limit: pageRows }, signal),
            )
            skewMs.value = Date.parse(page.asOf) - Date.now()
            return page
          },
        }
      )
    },
    { revision },
  )
  /** Rows stay in sight while they are asked for again. */
  const shown = shallowRef<{ queue: Queue | null; rows: readonly WorkRow[] }>({
    queue: null,
    rows: [],
  })
  watch(
    answer.data,
    (data) => {
      if (data) shown.value = { queue: queue(), rows: data.pages.flatMap((page) => page.rows) }
    },
    { immediate: true },
  )
  const stale = computed(() => answer.data.value === null || shown.value.queue !== queue())
  return {
    rows: computed(() => (stale.value ? [] : shown.value.rows)),
    stale,
    busy: answer.busy,
    error: answer.error,
    complete: computed(() => !stale.value && !answer.hasMore.value),
    skewMs,
    loadMore: answer.loadMore,
    reload: answer.reload,
  }
}
