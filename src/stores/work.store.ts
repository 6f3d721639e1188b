import { defineStore } from 'pinia'
import { computed } from 'vue'
import { workRepo, type WorkCounts } from '@/data/work.repo.ts'
import { waitingCount, type QueueCount } from '@/domain/workflow/queue.ts'
import { useColumnsStore } from './columns.store.ts'
import { useServerQuery } from './server-query.ts'

/** How much waits in the person's queues: for the shell, the tab's title and the page. */
export const useWorkStore = defineStore('work', () => {
  const columns = useColumnsStore()
  const answer = useServerQuery<WorkCounts>(
    () => ({
      key: ['work-counts'],
      ask: ({ call, signal }) => call((backend) => workRepo(backend).counts(signal)),
    }),
    { revision: () => columns.revision, refetchOnReconnect: true },
  )
  /** Null before the first answer. */
  const counts = computed<readonly QueueCount[] | null>(() => answer.data.value?.queues ?? null)
  const waiting = computed(() => waitingCount(counts.value ?? []))
  return { counts, waiting, error: answer.error, reload: answer.reload }
})
