import { createPinia, setActivePinia } from 'pinia'
import { effectScope, type EffectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AppConfig } from '@/domain/city/config.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useBestPosition, usePosition } from './use-position.ts'

/** Metres to degrees of latitude. */
const north = (meters: number) => 28 + meters / 111_195

class Host {
  isSecureContext = true
  document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  latitude = north(0)
  failing: number | null = null
  asked = 0
  permission = 'granted'
  navigator = {
    permissions: { query: () => Promise.resolve({ state: this.permission }) },
    geolocation: {
      getCurrentPosition: (found: PositionCallback, failed: PositionErrorCallback) => {
        this.asked++
        if (this.failing) failed({ code: this.failing } as GeolocationPositionError)
        else
          found({
            coords: { longitude: 113, latitude: this.latitude, accuracy: 5 },
          } as GeolocationPosition)
      },
    },
  }
  comeBack() {
    this.document.dispatchEvent(new Event('visibilitychange'))
    return vi.advanceTimersByTimeAsync(0)
  }
}

describe('usePosition', () => {
  let host: Host
  let scope: EffectScope
  const start = async () => {
    const position = scope.run(() => usePosition(host as never))!
    await vi.advanceTimersByTimeAsync(0)
    return position
  }
  beforeEach(() => {
    vi.useFakeTimers()
    setActivePinia(createPinia())
    useSessionStore().config = { city: { bbox: [112, 27, 114, 29] } } as unknown as AppConfig
    host = new Host()
    scope = effectScope()
  })
  afterEach(() => {
    scope.stop()
    vi.useRealTimers()
  })

  it('follows a walking person by the minute, and not the noise of the device', async () => {
    const { here, busy } = await start()
    const first = here.value
    expect(first).toEqual([113, north(0)])
    host.latitude = north(10)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(here.value).toBe(first)
    host.latitude = north(40)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(here.value).toEqual([113, north(40)])
    expect([host.asked, busy.value]).toEqual([3, false])
  })

  it('looks at once when the page comes back to the front, not twice in a row, never behind', async () => {
    const { here } = await start()
    host.latitude = north(500)
    await host.comeBack()
    expect(host.asked).toBe(1)
    await vi.advanceTimersByTimeAsync(20_000)
    host.document.visibilityState = 'hidden'
    await vi.advanceTimersByTimeAsync(600_000)
    expect(host.asked).toBe(1)
    host.document.visibilityState = 'visible'
    await host.comeBack()
    expect(here.value).toEqual([113, north(500)])
  })

  it('keeps the last place when the device cannot tell any more', async () => {
    const { here, failure } = await start()
    host.failing = 3
    await vi.advanceTimersByTimeAsync(60_000)
    expect([here.value, failure.value]).toEqual([[113, north(0)], 'timeout'])
  })

  it('asks nobody who did not allow it, until they wish it', async () => {
    host.permission = 'prompt'
    const { here, locate } = await start()
    await vi.advanceTimersByTimeAsync(600_000)
    expect([host.asked, here.value]).toEqual([0, null])
    await locate()
    expect(here.value).toEqual([113, north(0)])
  })
})

describe('useBestPosition', () => {
  let host: Host & { watched: PositionCallback | null; failed: PositionErrorCallback | null }
  let scope: EffectScope
  beforeEach(() => {
    scope = effectScope()
    host = Object.assign(new Host(), { watched: null, failed: null })
    Object.assign(host.navigator.geolocation, {
      watchPosition: (found: PositionCallback, failed: PositionErrorCallback) => {
        Object.assign(host, { watched: found, failed })
        return 1
      },
      clearWatch: () => (host.watched = null),
    })
  })
  afterEach(() => scope.stop())
  const start = () => {
    const position = scope.run(() => useBestPosition(() => true, host as never))!
    position.start()
    return position
  }
  const tell = (latitude: number, accuracy: number, timestamp = 0) =>
    host.watched?.({ coords: { longitude: 113, latitude, accuracy }, timestamp } as never)

  it('keeps the best position of a spot, and takes a failure back with the next one', () => {
    const { best, latest, failure } = start()
    tell(north(0), 30)
    host.failed?.({ code: 3 } as GeolocationPositionError)
    expect(failure.value).toBe('timeout')
    tell(north(5), 8)
    tell(north(2), 20)
    expect(failure.value).toBeNull()
    expect(best.value?.lngLat).toEqual([113, north(5)])
    expect(latest.value?.lngLat).toEqual([113, north(2)])
  })

  it('rests while the page is hidden and after stop', () => {
    const { stop } = start()
    host.document.visibilityState = 'hidden'
    host.document.dispatchEvent(new Event('visibilitychange'))
    expect(host.watched).toBeNull()
    host.document.visibilityState = 'visible'
    host.document.dispatchEvent(new Event('visibilitychange'))
    expect(host.watched).not.toBeNull()
    stop()
    expect(host.watched).toBeNull()
  })

  it('says why it cannot begin', () => {
    host.isSecureContext = false
    expect(start().failure.value).toBe('insecure')
    expect(host.watched).toBeNull()
  })
})
