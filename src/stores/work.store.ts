import { defineStore } from 'pinia'
import { computed } from 'vue'
import { workRepo, type WorkCounts } from '@/data/work.repo.ts'
import { waitingCount, type QueueCount } from '@/domain/workflow/queue.ts'
import { useColumnsStore } from './columns.store.ts'
import { useSeen } from './outbox/use-seen.ts'
import { useServerQuery } from './server-query.ts'

/**
 * How much waits in the person's queues: for the shell, the tab's title and the page. The device's
 * copy comes first.
 */
export const useWorkStore = defineStore('work', () => {
  const columns = useColumnsStore()
  /** Changes when incidents in the person's scope change on the server, not while columns load. */
  const dataRevision = computed(() =>
    columns.months.map(({ month, revision }) => `${month}:${revision}`).join(' '),
  )
  const seen = useSeen<WorkCounts>('work-counts')
  const answer = useServerQuery<WorkCounts>(
    () => ({
      key: ['work-counts'],
      async ask({ call, signal, shown, show }) {
        const showKept = async (): Promise<void> => {
          const kept = shown() ? null : await seen.read()
          if (kept && !shown()) show(kept)
        }
        void showKept()
        const found = await call((backend) => workRepo(backend).counts(signal))
        void seen.write(found)
        return found
      },
    }),
    { revision: () => dataRevision.value, refetchOnReconnect: true },
  )
  /** Null before the first answer. */
  const counts = computed<readonly QueueCount[] | null>(() => answer.data.value?.queues ?? null)
  const waiting = computed(() => waitingCount(counts.value ?? []))
  return { counts, waiting, dataRevision, error: answer.error, reload: answer.reload }
})
