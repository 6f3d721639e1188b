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
 * What the device must hold before the network goes: the areas' geometry for those who report, the
 * city's map for those who took it along, and how much of whose work is unsent, which the sign-in
 * page says when a session ends.
 */
export function useDeviceKit(): void {
  const areas = useAreasStore()
  const outbox = useOutboxStore()
  const session = useSessionStore()
  const city = useOfflineCityStore()

  // The map takes the ground from the device where it is kept there.
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
