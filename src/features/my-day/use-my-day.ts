import { onScopeDispose } from 'vue'
import { fieldRepo } from '@/data/field.repo.ts'
import { useKeptDetailsStore } from '@/stores/outbox/kept-details.store.ts'
import type { ServerAnswer } from '@/stores/server-query.ts'
import type { KeptDay } from './my-day-lists.ts'
import type { KeptTasks } from './task-list.ts'
import { useKeptAnswer } from '@/stores/outbox/use-kept-answer.ts'

const days = 14
const maxTasks = 200

/** The person's reports. */
export function useMyDay(): ServerAnswer<KeptDay> {
  const keptDetails = useKeptDetailsStore()
  const left = new AbortController()
  onScopeDispose(() => left.abort())
  return useKeptAnswer<KeptDay>(
    'my-day',
    async (backend, fetchedAt, signal) => ({
      day: await fieldRepo(backend).myDay(days, signal),
      fetchedAt,
    }),
    ({ day }) => void keptDetails.keepOwn(day.own, left.signal),
  )
}

/** Incidents that the person may verify or check now. */
export const useFieldTasks = (): ServerAnswer<KeptTasks> =>
  useKeptAnswer<KeptTasks>('field-tasks', async (backend, fetchedAt, signal) => ({
    tasks: await fieldRepo(backend).tasks(maxTasks, signal),
    fetchedAt,
  }))
