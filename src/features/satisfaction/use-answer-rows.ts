import { computed, shallowRef, watch, type Ref } from 'vue'
import { latestWins } from '@/columns/latest-wins.ts'
import { incidentsRepo } from '@/data/incidents.repo.ts'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useRatingsStore } from '@/stores/ratings.store.ts'
import { useKeptAnswer } from '@/stores/kept-answer.ts'
import { useServerPages } from '@/stores/server-query.ts'

const pageRows = 20

/** The incidents of a filter page by page, the latest closing first, and how many there are. */
export function useAnswerRows(filter: Readonly<Ref<IncidentFilter | null>>) {
  const columns = useColumnsStore()
  const ratings = useRatingsStore()
  const pages = useServerPages(
    () => {
      const asked = filter.value
      return (
        asked && {
          key: ['answer-rows', asked],
          ask: (call, signal, after) =>
            call((backend) =>
              incidentsRepo(backend).list(
                { ...{ filter: asked, sort: 'closed_desc' as const }, after, limit: pageRows },
                signal,
              ),
            ),
        }
      )
    },
    { revision: () => ratings.revision },
  )
  const { kept, isFormer } = useKeptAnswer(pages)
  const total = shallowRef<number | null>(null)
  const ask = latestWins((asked: IncidentFilter) => columns.ask('projection', null, asked))
  const isLoaded = computed(() => columns.projection !== null)
  watch(
    [filter, isLoaded, () => columns.revision, () => ratings.revision] as const,
    async ([asked, isReady]) => {
      const found = asked && isReady ? await ask(asked) : null
      if (asked === filter.value) total.value = found?.total ?? total.value
    },
    { immediate: true },
  )
  return {
    rows: computed(() => kept.value?.pages.flatMap(({ rows }) => rows) ?? []),
    isFormer,
    total,
    error: pages.error,
    hasMore: pages.hasMore,
    loadMore: pages.loadMore,
    reload: pages.reload,
  }
}
