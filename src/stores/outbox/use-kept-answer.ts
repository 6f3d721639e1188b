import { useIntervalFn } from '@vueuse/core'
import type { Backend } from '@/data/client.ts'
import { useServerQuery, type ServerAnswer } from '../server-query.ts'
import { useOutboxStore } from './outbox.store.ts'
import { useSeen } from './use-seen.ts'

const refreshMs = 60_000

/**
 * First the device's copy, then the server's answer, asked again each minute and after receipts.
 * @param name of the copy @param ask gets the device instant of the request
 */
export function useKeptAnswer<T>(
  name: string,
  ask: (backend: Backend, fetchedAt: string, signal: AbortSignal) => Promise<T>,
  onAnswer: (value: T) => void = () => undefined,
): ServerAnswer<T> {
  const outboxStore = useOutboxStore()
  const seen = useSeen<T>(name)
  const answer = useServerQuery<T>(
    () => ({
      key: ['kept-answer', name],
      async ask({ call, signal, shown, show }) {
        const showSeen = async (): Promise<void> => {
          const kept = shown() ? null : await seen.read()
          if (kept && !shown()) show(kept)
        }
        void showSeen()
        const fetchedAt = new Date().toISOString()
        const value = await call((backend) => ask(backend, fetchedAt, signal))
        void seen.write(value)
        onAnswer(value)
        return value
      },
    }),
    {
      revision: () => outboxStore.arrivals,
      refetchOnReconnect: true,
      refetchOnWindowFocus: true,
    },
  )
  useIntervalFn(() => document.visibilityState === 'visible' && void answer.reload(), refreshMs)
  return answer
}
