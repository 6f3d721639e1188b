import { onMounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { LngLat } from '@/domain/vocabulary.ts'
import { locateDevice } from '@/map/locate.ts'
import type { LocateFailure } from '@/map/types.ts'
import { useSessionStore } from '@/stores/session.store.ts'

export interface PositionState {
  /** Longitude and latitude of the device; null until it is known. */
  here: Readonly<ShallowRef<LngLat | null>>
  busy: Readonly<Ref<boolean>>
  failure: Readonly<Ref<LocateFailure | null>>
  locate(): Promise<void>
}

/** Where the person is: asked at once where that was allowed before, else only on their wish. */
export function usePosition(): PositionState {
  const session = useSessionStore()
  const here = shallowRef<LngLat | null>(null)
  const busy = ref(false)
  const failure = ref<LocateFailure | null>(null)

  async function locate(): Promise<void> {
    const { config } = session
    if (!config || busy.value) return
    busy.value = true
    const { geolocation } = navigator
    const result = await locateDevice(config.city.bbox, { geolocation, isSecureContext })
    busy.value = false
    here.value = result.ok ? result.lngLat : here.value
    failure.value = result.ok ? null : result.reason
  }

  onMounted(async () => {
    try {
      const { state } = await navigator.permissions.query({ name: 'geolocation' })
      if (state === 'granted') await locate()
    } catch {
      // A browser that cannot say whether it was allowed: the button asks.
    }
  })
  return { here, busy, failure, locate }
}
