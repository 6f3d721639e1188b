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
 * Prepares offline work: area geometry for reporters, the downloaded city map, and the unsent count
 * for sign-in.
 */
export function useDeviceKit(): void {
  const areas = useAreasStore()
  const outbox = useOutboxStore()
  const session = useSessionStore()
  const city = useOfflineCityStore()

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
