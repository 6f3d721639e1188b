import { computed, type ComputedRef } from 'vue'
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
  status: 'idle' | 'sending' | 'waiting' | 'no-network' | 'needs-sign-in' | 'stopped-elsewhere'
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
      status: status.kind,
      done: status.kind === 'sending' ? status.done : 0,
      total: status.kind === 'sending' ? status.total : 0,
    }
  })
}
