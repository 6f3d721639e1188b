import { watch, type Ref } from 'vue'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { useOutboxItems } from '@/stores/outbox/use-outbox-items.ts'
import type { QueuedItem } from '@/sync/index.ts'

/** Unsent commands of an incident. @param reload asks for the incident again when one arrives */
export function useIncidentPending(
  id: () => string,
  reload: () => Promise<void>,
): Readonly<Ref<readonly QueuedItem[]>> {
  const outboxStore = useOutboxStore()
  const { items } = useOutboxItems<QueuedItem[]>((outbox) => outbox.ofIncident(id()), [], id)
  // A quick command is received before `items` shows it.
  watch(
    () => outboxStore.counts.received,
    (now, before) => now > before && void reload(),
  )
  return items
}
