import { onScopeDispose, shallowRef } from 'vue'
import { improveFix, type Fix } from '@/domain/place/device-fix.ts'

export type PositionFailure = 'denied' | 'unavailable' | 'timeout' | 'insecure' | 'unsupported'

interface PositionSources {
  geolocation?: Pick<Geolocation, 'watchPosition' | 'clearWatch'>
  isSecure?: boolean
}

/**
 * Where the device is, for as long as the page is in sight: `best` is what to stand a pin on.
 * Positions come in until `stop`; a failure that passes is taken back by the next position.
 */
export function useDevicePosition(isAnchored: () => boolean, sources: PositionSources = {}) {
  const geolocation = sources.geolocation ?? navigator.geolocation
  const isSecure = sources.isSecure ?? isSecureContext
  const best = shallowRef<Fix | null>(null)
  const latest = shallowRef<Fix | null>(null)
  const failure = shallowRef<PositionFailure | null>(null)
  let watching: number | null = null
  let isWanted = false

  function take({ coords, timestamp }: GeolocationPosition): void {
    const fix: Fix = {
      lngLat: [coords.longitude, coords.latitude],
      accuracyMeters: coords.accuracy,
      at: timestamp,
    }
    failure.value = null
    latest.value = fix
    best.value = improveFix(best.value, fix, isAnchored())
  }

  function listen(): void {
    if (watching !== null || !isWanted || document.visibilityState === 'hidden') return
    watching = geolocation.watchPosition(
      take,
      // The codes of GeolocationPositionError, which is not a global everywhere.
      ({ code }) =>
        (failure.value = code === 1 ? 'denied' : code === 3 ? 'timeout' : 'unavailable'),
      { enableHighAccuracy: true, maximumAge: 5_000, timeout: 30_000 },
    )
  }
  function pause(): void {
    if (watching !== null) geolocation.clearWatch(watching)
    watching = null
  }

  /** Begins anew: what was the best so far may be another street. */
  function start(): void {
    // Browsers hide or refuse geolocation on plain http; say so instead of "denied".
    if (!isSecure) return void (failure.value = 'insecure')
    if (!geolocation) return void (failure.value = 'unsupported')
    failure.value = null
    best.value = null
    isWanted = true
    pause()
    listen()
  }
  function stop(): void {
    isWanted = false
    pause()
  }

  // A phone in the pocket need not look for satellites.
  const onVisibility = (): void => (document.visibilityState === 'hidden' ? pause() : listen())
  document.addEventListener('visibilitychange', onVisibility)
  onScopeDispose(() => {
    stop()
    document.removeEventListener('visibilitychange', onVisibility)
  })
  return { best, latest, failure, start, stop }
}
