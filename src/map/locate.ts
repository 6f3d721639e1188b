import type { BoundingBox } from '@/domain/vocabulary.ts'
import type { LocateResult } from './types.ts'

export interface LocateSources {
  geolocation: Pick<Geolocation, 'getCurrentPosition'> | undefined
  isSecureContext: boolean
}

/** Where the device says it is, once. Never rejects: every reason for failing is an answer. */
export function locateDevice(
  cityBox: BoundingBox,
  { geolocation, isSecureContext }: LocateSources,
): Promise<LocateResult> {
  // Browsers hide or refuse geolocation on plain http; say so instead of "denied".
  if (!isSecureContext) return Promise.resolve({ ok: false, reason: 'insecure' })
  if (!geolocation) return Promise.resolve({ ok: false, reason: 'unsupported' })
  return new Promise((resolve) => {
    geolocation.getCurrentPosition(
      ({ coords: { longitude, latitude, accuracy } }) =>
        resolve({
          ok: true,
          lngLat: [longitude, latitude],
          accuracyMeters: accuracy,
          insideCity:
            longitude >= cityBox[0] &&
            longitude <= cityBox[2] &&
            latitude >= cityBox[1] &&
            latitude <= cityBox[3],
        }),
      // The codes of GeolocationPositionError, which is not a global everywhere.
      ({ code }) =>
        resolve({
          ok: false,
          reason: code === 1 ? 'denied' : code === 3 ? 'timeout' : 'unavailable',
        }),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
    )
  })
}
