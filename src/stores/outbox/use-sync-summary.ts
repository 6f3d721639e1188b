import { computed, type ComputedRef } from 'vue'
import type { SendStatus } from '@/sync/index.ts'
import { useOutboxItems } from './use-outbox-items.ts'
import { useOutboxStore, type OutboxPhase } from './outbox.store.ts'

/** How far this device is with sending, as `SyncLine` shows it. */
export interface SyncSummary {
  /** `failed`: this device cannot keep anything, and nobody knows what it still holds. */
  phase: OutboxPhase
  drafts: number
  /** Queued or on their way: they go by themselves. */
  waiting: number
  /** Device instant at which the oldest of them was queued. */
  since: string | null
  /** Refused, conflicting, or made for a server of before. */
  needsPerson: number
  status: SendStatus['kind'] | 'disk-full'
  /** While sending. */
  done: number
  total: number
}

export function useSyncSummary(): ComputedRef<SyncSummary> {
  const store = useOutboxStore()
  const { items: oldest } = useOutboxItems(
    async (outbox) =>
      (await outbox.page({ states: ['queued', 'sending'], limit: 1 }))[0]?.at ?? null,
    null,
  )
  return computed(() => {
    const status = store.sendStatus
    return {
      phase: store.phase,
      drafts: store.counts.draft,
      waiting: store.underway,
      since: store.underway > 0 ? oldest.value : null,
      needsPerson: store.needsPerson,
      status: isDiskFull(status) ? 'disk-full' : status.kind,
      done: status.kind === 'sending' ? status.done : 0,
      total: status.kind === 'sending' ? status.total : 0,
    }
  })
}

const isDiskFull = (status: SendStatus): boolean =>
  status.kind === 'waiting' && status.reason === 'server_disk_full'
