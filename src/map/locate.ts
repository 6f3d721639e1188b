import type { BoundingBox, LngLat } from '@/domain/vocabulary.ts'
import type { LocateFailure, LocateResult } from './types.ts'

export interface PositionHost {
  document: EventTarget & Pick<Document, 'visibilityState'>
  navigator: Pick<Navigator, 'geolocation' | 'permissions'>
  isSecureContext: boolean
}

/** Null when the device can be asked. */
export function positionBlock({ navigator, isSecureContext }: PositionHost): LocateFailure | null {
  // On plain http browsers hide or refuse geolocation: not "denied".
  if (!isSecureContext) return 'insecure'
  return (navigator.geolocation as Geolocation | undefined) ? null : 'unsupported'
}

/** GeolocationPositionError is not a global everywhere. */
export const positionFailure = ({ code }: Pick<GeolocationPositionError, 'code'>): LocateFailure =>
  code === 1 ? 'denied' : code === 3 ? 'timeout' : 'unavailable'

export const lngLatOf = ({ coords }: GeolocationPosition): LngLat => [
  coords.longitude,
  coords.latitude,
]

/** Never rejects: failures are results. */
export function locateDevice(
  [west, south, east, north]: BoundingBox,
  host: PositionHost = globalThis,
): Promise<LocateResult> {
  const reason = positionBlock(host)
  if (reason) return Promise.resolve({ ok: false, reason })
  return new Promise((resolve) => {
    host.navigator.geolocation.getCurrentPosition(
      (position) => {
        const lngLat = lngLatOf(position)
        const [lng, lat] = lngLat
        const insideCity = lng >= west && lng <= east && lat >= south && lat <= north
        resolve({ ok: true, lngLat, accuracyMeters: position.coords.accuracy, insideCity })
      },
      (error) => resolve({ ok: false, reason: positionFailure(error) }),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
    )
  })
}
