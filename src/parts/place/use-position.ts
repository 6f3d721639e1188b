import { useEventListener } from '@vueuse/core'
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { improveFix, type Fix } from '@/domain/place/device-fix.ts'
import { distanceMeters } from '@/domain/place/distance.ts'
import type { LngLat } from '@/domain/vocabulary.ts'
import {
  lngLatOf,
  locateDevice,
  positionBlock,
  positionFailure,
  type PositionHost,
} from '@/map/locate.ts'
import type { LocateFailure } from '@/map/types.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** A walking worker reaches another street in a minute. */
const againMs = 60_000
/** Minimum time between requests when the page returns to the front. */
const minAgainMs = 15_000
/** Shorter moves are noise and must not reorder a list. */
const movedMeters = 20

export interface PositionState {
  /** Null until known. */
  here: Readonly<ShallowRef<LngLat | null>>
  busy: Readonly<Ref<boolean>>
  failure: Readonly<Ref<LocateFailure | null>>
  locate(): Promise<void>
}

/**
 * Asks at once with the permission, else after the person's request. Renews it every minute while
 * visible.
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
    const result = await locateDevice(config.city.bbox, host)
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
    const isDue = Date.now() - askedAt >= minAgainMs
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
      // Without a permissions API the button asks.
    }
  }
  void begin()
  return { here, busy, failure, locate }
}

/**
 * Best position for a pin, between `start` and `stop`, while the page is visible. A new position
 * clears a failure.
 * @param isAnchored see `improveFix`
 */
export function useBestPosition(isAnchored: () => boolean, host: PositionHost = globalThis) {
  const best = shallowRef<Fix | null>(null)
  const latest = shallowRef<Fix | null>(null)
  const failure = shallowRef<LocateFailure | null>(null)
  let watching: number | null = null
  let isWanted = false

  function take(position: GeolocationPosition): void {
    const fix: Fix = {
      lngLat: lngLatOf(position),
      accuracyMeters: position.coords.accuracy,
      at: position.timestamp,
    }
    failure.value = null
    latest.value = fix
    best.value = improveFix(best.value, fix, isAnchored())
  }

  function listen(): void {
    if (watching !== null || !isWanted || host.document.visibilityState === 'hidden') return
    watching = host.navigator.geolocation.watchPosition(
      take,
      (error) => (failure.value = positionFailure(error)),
      { enableHighAccuracy: true, maximumAge: 5_000, timeout: 30_000 },
    )
  }
  function pause(): void {
    if (watching !== null) host.navigator.geolocation.clearWatch(watching)
    watching = null
  }

  /** The old position may be from another street. */
  function start(): void {
    failure.value = positionBlock(host)
    if (failure.value) return
    best.value = null
    isWanted = true
    pause()
    listen()
  }
  /** The best position of another spot is none of this one. */
  function beginHere(): void {
    best.value = latest.value
  }
  function stop(): void {
    isWanted = false
    pause()
  }

  // Saves power while the page is hidden.
  useEventListener(host.document, 'visibilitychange', () =>
    host.document.visibilityState === 'hidden' ? pause() : listen(),
  )
  onScopeDispose(stop)
  return { best, latest, failure, start, beginHere, stop }
}
