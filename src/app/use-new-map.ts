import { useEventListener, useIntervalFn } from '@vueuse/core'
import { computed, shallowRef, watch, type ComputedRef } from 'vue'
import { useSessionStore } from '@/stores/session.store.ts'

const lookEveryMs = 2 * 60_000

/**
 * Address of the city's street map where it is another one than when the page was opened, empty where it was
 * removed; null while it is the same. Maps keep the one they were made with, and the server no longer
 * has its tiles.
 */
export function useNewMap(): ComputedRef<string | null> {
  const session = useSessionStore()
  const present = computed(() => session.config && (session.config.city.basemap?.url ?? ''))
  const opened = shallowRef<string | null>(null)
  // The page stands before its configuration has come.
  watch(present, (url) => (opened.value ??= url), { immediate: true })
  const look = (): void => {
    if (document.visibilityState === 'visible') void session.lookAtCity()
  }
  useIntervalFn(look, lookEveryMs)
  useEventListener(document, 'visibilitychange', look)
  return computed(() =>
    opened.value === null || present.value === opened.value ? null : present.value,
  )
}
