import { computed, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { NearStreets } from '@/domain/place/near-streets.ts'
import type { LngLat } from '@/domain/vocabulary.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** Milliseconds that a moving pin must rest. */
const restMs = 250

/** The streets at a place by the basemap; null while unknown. */
export function useNearStreets(place: () => LngLat | null): Readonly<Ref<NearStreets | null>> {
  const session = useSessionStore()
  const streets = shallowRef<NearStreets | null>(null)
  watch(
    () => place()?.join(),
    (_now, _before, onCleanup) => {
      streets.value = null
      const at = place()
      const url = session.config?.city.basemap?.url
      if (!at || !url) return
      const asking = new AbortController()
      const timer = setTimeout(async () => {
        try {
          const { streetsAt } = await import('@/map/street-names.ts')
          const found = await streetsAt(url, at, asking.signal)
          if (!asking.signal.aborted) streets.value = found
        } catch {
          // Without the tile the area's name stays.
        }
      }, restMs)
      onCleanup(() => {
        clearTimeout(timer)
        asking.abort()
      })
    },
    { immediate: true },
  )
  return streets
}

/** "Valencia Street near 18th Street"; empty while unknown: then the area's name has to do. */
export function useStreetName(place: () => LngLat | null): ComputedRef<string> {
  const { t } = useI18n()
  const streets = useNearStreets(place)
  return computed(() => {
    if (!streets.value) return ''
    const { street, cross } = streets.value
    return cross === null ? street : t('place.near', { name: street, near: cross })
  })
}
