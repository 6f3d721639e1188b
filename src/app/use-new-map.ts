import { useEventListener, useIntervalFn } from '@vueuse/core'
import { computed, type ComputedRef } from 'vue'
import { useSessionStore } from '@/stores/session.store.ts'

const lookEveryMs = 2 * 60_000

/**
 * Address of the city's street map where it is another one than when the page was opened, empty where it was
 * removed; null while it is the same. Maps keep the one they were made with, and the server no longer
 * has its tiles.
 */
export function useNewMap(): ComputedRef<string | null> {
  const session = useSessionStore()
  const present = computed(() => session.config?.city.basemap?.url ?? '')
  const opened = present.value
  const look = (): void => {
    if (document.visibilityState === 'visible') void session.lookAtCity()
  }
  useIntervalFn(look, lookEveryMs)
  useEventListener(document, 'visibilitychange', look)
  return computed(() => (present.value === opened ? null : present.value))
}
