import { computed, type ComputedRef } from 'vue'
import type { SendStatus } from '@/sync/index.ts'
import { useOutboxItems } from './use-outbox-items.ts'
import { useOutboxStore, type OutboxPhase } from './outbox.store.ts'

/** For `SyncLine`. */
export interface SyncSummary {
  /** `failed`: storage does not work, and its content is unknown. */
  phase: OutboxPhase
  drafts: number
  /** Queued or sending. */
  waiting: number
  /** Device instant at which the oldest was queued. */
  since: string | null
  /** Refused, in conflict, or for an earlier instance. */
  needsPerson: number
  status: SendStatus['kind'] | 'disk-full'
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
