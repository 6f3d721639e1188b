import { useEventListener, useIntervalFn } from '@vueuse/core'
import { ref, watch, type Ref } from 'vue'
import { isQuiet } from '@/domain/time/quiet-hours.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/**
 * True in the city's quiet hours: the tab's title and hints that nobody asked for stay silent then.
 * Answers to a person's own taps and dangers to unsent work are shown all the same.
 */
export function useQuiet(): Readonly<Ref<boolean>> {
  const session = useSessionStore()
  const quiet = ref(false)
  const look = (): void => {
    quiet.value = isQuiet(new Date().toISOString(), session.config?.city.timeZone ?? 'UTC')
  }
  watch(() => session.config?.city.timeZone, look, { immediate: true })
  useIntervalFn(look, 30_000)
  // A sleeping tab ticks late.
  useEventListener(document, 'visibilitychange', look)
  return quiet
}
