import { useEventListener } from '@vueuse/core'
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { distanceMeters } from '@/domain/place/distance.ts'
import type { LngLat } from '@/domain/vocabulary.ts'
import { locateDevice } from '@/map/locate.ts'
import type { LocateFailure } from '@/map/types.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** A worker walks: where they were a minute ago is another street. */
const againMs = 60_000
/** Looked at when the page comes back to the front, but not more often than this. */
const atMostEveryMs = 15_000
/** Less is the noise of the device: the list must not change its order under the thumb for it. */
const movedMeters = 20

export interface PositionState {
  /** Longitude and latitude of the device; null until it is known. */
  here: Readonly<ShallowRef<LngLat | null>>
  /** While the person waits for an answer. */
  busy: Readonly<Ref<boolean>>
  failure: Readonly<Ref<LocateFailure | null>>
  locate(): Promise<void>
}

/** What the browser gives; others in tests. */
interface PositionHost {
  document: Document
  navigator: Pick<Navigator, 'geolocation' | 'permissions'>
  isSecureContext: boolean
}

/**
 * Where the person is: asked at once where that was allowed before, else only on their wish; kept
 * up with them from then on, while the page is in front.
 */
export function usePosition(host: PositionHost = globalThis): PositionState {
  const session = useSessionStore()
  const here = shallowRef<LngLat | null>(null)
  const busy = ref(false)
  const failure = ref<LocateFailure | null>(null)
  let askedAt = 0

  async function ask(): Promise<void> {
    const { config } = session
    if (!config) return
    askedAt = Date.now()
    const { geolocation } = host.navigator
    const result = await locateDevice(config.city.bbox, {
      geolocation,
      isSecureContext: host.isSecureContext,
    })
    failure.value = result.ok ? null : result.reason
    if (!result.ok) return
    if (!here.value || distanceMeters(here.value, result.lngLat) >= movedMeters)
      here.value = result.lngLat
  }

  async function locate(): Promise<void> {
    if (busy.value) return
    busy.value = true
    await ask()
    busy.value = false
  }

  function followUp(): void {
    const isDue = Date.now() - askedAt >= atMostEveryMs
    if (here.value && isDue && host.document.visibilityState === 'visible') void ask()
  }
  const timer = setInterval(followUp, againMs)
  onScopeDispose(() => clearInterval(timer))
  useEventListener(host.document, 'visibilitychange', followUp)

  async function begin(): Promise<void> {
    try {
      const { state } = await host.navigator.permissions.query({ name: 'geolocation' })
      if (state === 'granted') await locate()
    } catch {
      // A browser that cannot say whether it was allowed: the button asks.
    }
  }
  void begin()
  return { here, busy, failure, locate }
}
