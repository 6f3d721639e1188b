import { useIntervalFn } from '@vueuse/core'
import { onScopeDispose } from 'vue'
import { fieldRepo } from '@/data/field.repo.ts'
import { useKeptDetailsStore } from '@/stores/outbox/kept-details.store.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { useSeen } from '@/stores/outbox/use-seen.ts'
import { useServerQuery, type ServerAnswer } from '@/stores/server-query.ts'
import type { KeptDay } from './my-day-lists.ts'

const days = 14
const refreshMs = 60_000

/** The person's reports: first the device's copy, then the server's. */
export function useMyDay(): ServerAnswer<KeptDay> {
  const outboxStore = useOutboxStore()
  const keptDetails = useKeptDetailsStore()
  const seen = useSeen<KeptDay>('my-day')
  const left = new AbortController()
  onScopeDispose(() => left.abort())

  const answer = useServerQuery<KeptDay>(
    () => ({
      key: ['my-day', days],
      async ask({ call, signal, shown, show }) {
        const showSeen = async (): Promise<void> => {
          const kept = shown() ? null : await seen.read()
          if (kept && !shown()) show(kept)
        }
        void showSeen()
        const fetchedAt = new Date().toISOString()
        const day = await call((backend) => fieldRepo(backend).myDay(days, signal))
        void seen.write({ day, fetchedAt })
        void keptDetails.keepOwn(day.own, left.signal)
        return { day, fetchedAt }
      },
    }),
    {
      // A receipt means new data.
      revision: () => outboxStore.counts.received,
      refetchOnReconnect: true,
      refetchOnWindowFocus: true,
    },
  )
  useIntervalFn(() => document.visibilityState === 'visible' && void answer.reload(), refreshMs)
  return answer
}
