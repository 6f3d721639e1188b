import { watchDebounced } from '@vueuse/core'
import { computed } from 'vue'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useOutboxStore } from '@/stores/outbox.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { canReport } from './navigation.ts'

/**
 * What the device must hold before the network goes: the areas' geometry for those who report, and
 * how much of whose work is unsent, which the sign-in page says when a session ends.
 */
export function useDeviceKit(): void {
  const areas = useAreasStore()
  const outbox = useOutboxStore()
  const session = useSessionStore()

  const isDue = computed(() => session.verified && areas.loaded && canReport(session.roles))
  watchDebounced(
    isDue,
    (due) => {
      if (due) areas.keepFeatures().catch((error) => console.warn('Areas are not kept:', error))
    },
    { debounce: 3000, immediate: true },
  )
  watchDebounced(
    () => (outbox.phase === 'open' ? outbox.unsent : null),
    (unsent) => {
      if (unsent !== null) void session.keepUnsent(unsent)
    },
    { debounce: 500, maxWait: 2000, immediate: true },
  )
}
