import { watchDebounced } from '@vueuse/core'
import { computed, watch } from 'vue'
import { report } from '@/data/problems.ts'
import { keepArchives } from '@/map/protocols/kept-archives.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useOfflineCityStore } from '@/stores/device/offline-city.store.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { isOffered } from './navigation.ts'

/**
 * Prepares for work without a network: the areas' geometry for reporters, the city's map where it
 * was taken along, and the number of unsent items for the sign-in page.
 */
export function useDeviceKit(): void {
  const areas = useAreasStore()
  const outbox = useOutboxStore()
  const session = useSessionStore()
  const city = useOfflineCityStore()

  // Draws the ground from the device's own file where there is one.
  watch(
    () => city.revision,
    () => keepArchives(city.fileFor),
    { immediate: true },
  )
  const isDue = computed(
    () => session.verified && areas.loaded && isOffered('capture', session.roles),
  )
  watchDebounced(
    isDue,
    (due) => {
      if (due) areas.keepFeatures().catch((error) => report('kept', error))
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
