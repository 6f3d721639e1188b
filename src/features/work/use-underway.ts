import { computed, watch, type ComputedRef } from 'vue'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { useOutboxItems } from '@/stores/outbox/use-outbox-items.ts'
import type { ItemSummary } from '@/sync/index.ts'

/** More are never waiting at once on this page. */
const maxItems = 2000

/**
 * Unsent steps of this device by incident, the oldest of each: until it has arrived, the row is not the
 * server's any more.
 * @param onArrived called when some have arrived
 */
export function useUnderway(onArrived: () => void): {
  underway: ComputedRef<ReadonlyMap<string, ItemSummary>>
  loaded: Readonly<{ value: boolean }>
} {
  const { items, loaded, reload } = useOutboxItems<ItemSummary[]>(
    (outbox) =>
      outbox.page({ states: ['queued', 'sending', 'conflict', 'rejected'], limit: maxItems }),
    [],
  )
  const underway = computed(
    () =>
      new Map(
        items.value
          .filter(({ transition }) => transition !== undefined)
          .toReversed()
          .map((item) => [item.incidentId, item]),
      ),
  )
  const outbox = useOutboxStore()
  // Rows that come back from the server must not count as under way any more: their keys do nothing.
  watch(
    () => outbox.arrivals,
    () => void reload().finally(onArrived),
  )
  return { underway, loaded }
}

/** Refused or in conflict: a person must look at it. */
export const isStuck = ({ state }: ItemSummary): boolean =>
  state === 'rejected' || state === 'conflict'
