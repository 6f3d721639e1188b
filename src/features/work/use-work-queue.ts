import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import type { AppError } from '@/data/errors.ts'
import { workRepo, type WorkPage, type WorkRow } from '@/data/work.repo.ts'
import { emptyFilter, type IncidentFilter } from '@/domain/filter/filter.ts'
import type { Queue } from '@/domain/workflow/queue.ts'
import type { Stage } from '@/domain/vocabulary.ts'
import { useSeen } from '@/stores/outbox/use-seen.ts'
import { useServerPages } from '@/stores/server-query.ts'

export interface WorkQueue {
  rows: ComputedRef<readonly WorkRow[]>
  /** Rows of the queue asked for have not come yet. */
  stale: ComputedRef<boolean>
  busy: ComputedRef<boolean>
  error: Readonly<Ref<AppError | null>>
  complete: ComputedRef<boolean>
  /** Device time of old rows; null when they are current. */
  staleSince: ComputedRef<string | null>
  /** Server minus device clock in milliseconds, from the last answer. */
  skewMs: Readonly<Ref<number>>
  loadMore(): Promise<void>
  reload(): Promise<void>
}

interface KeptPage {
  page: WorkPage
  /** Device time of the request. */
  at: string
}

/** After this wait, the device's copy is shown. */
const patienceMs = 1500

/**
 * A queue page by page. Its first page is kept on the device, for a start without a network; a
 * narrowed one is not.
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
  const askedAt = ref<string | null>(null)
  const keptOf = (asked: Queue) => useSeen<KeptPage>(`work:${asked}:${stage ?? ''}`)
  const filterNow = (): IncidentFilter => ({
    ...emptyFilter(),
    stages: stage ? [stage] : [],
    ...narrowedTo(),
  })
  const isWhole = (): boolean => {
    const { areas, categories } = filterNow()
    return areas.length + categories.length === 0
  }
  const answer = useServerPages(
    () => {
      const asked = queue()
      const filter = filterNow()
      return (
        asked && {
          key: ['work', asked, stage ?? '', pageRows, filter.areas, filter.categories],
          ask: async (call, signal, after) => {
            const at = new Date().toISOString()
            const page = await call((backend) =>
              workRepo(backend).page({ queue: asked, filter, after, limit: pageRows }, signal),
            )
            skewMs.value = Date.parse(page.asOf) - Date.now()
            askedAt.value = at
            if (after === null && filter.areas.length + filter.categories.length === 0)
              void keptOf(asked).write({ page, at })
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
  const isUnanswered = computed(() => answer.data.value === null || shown.value.queue !== queue())

  const kept = shallowRef<(KeptPage & { queue: Queue }) | null>(null)
  const isLate = ref(false)
  watch(
    queue,
    (asked, _, onCleanup) => {
      kept.value = null
      isLate.value = false
      if (asked === null) return
      const timer = setTimeout(() => (isLate.value = true), patienceMs)
      onCleanup(() => clearTimeout(timer))
    },
    { immediate: true },
  )
  watch(
    () =>
      isUnanswered.value && isWhole() && (isLate.value || answer.error.value) ? queue() : null,
    async (asked) => {
      if (asked === null) return
      const found = await keptOf(asked).read()
      if (!found || queue() !== asked || !isUnanswered.value) return
      kept.value = { ...found, queue: asked }
      skewMs.value = Date.parse(found.page.asOf) - Date.parse(found.at)
    },
    { immediate: true },
  )
  const keptNow = computed(() =>
    isUnanswered.value && isWhole() && kept.value?.queue === queue() ? kept.value : null,
  )
  const stale = computed(() => isUnanswered.value && keptNow.value === null)
  return {
    rows: computed(() => keptNow.value?.page.rows ?? (isUnanswered.value ? [] : shown.value.rows)),
    stale,
    busy: answer.busy,
    error: answer.error,
    complete: computed(() => !isUnanswered.value && !answer.hasMore.value),
    staleSince: computed(
      () => keptNow.value?.at ?? (!isUnanswered.value && answer.error.value ? askedAt.value : null),
    ),
    skewMs,
    loadMore: answer.loadMore,
    reload: answer.reload,
  }
}
