import { computed } from 'vue'
import type { Draft } from '@/domain/command/command.ts'
import { useOutboxItems } from '@/stores/outbox/use-outbox-items.ts'

/** Unsent drafts except the open one. */
export function useDrafts(inHand: () => string) {
  const { items, loaded, reload } = useOutboxItems<Draft[]>((outbox) => outbox.loadDrafts(), [])
  const others = computed(() =>
    items.value.filter(({ id, kind }) => kind !== 'photos' && id !== inHand()),
  )
  return { drafts: others, loaded, reload }
}
