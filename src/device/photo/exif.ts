import ExifReader from 'exifreader'
import { exifInstant } from '@/domain/photo/photo-kind.ts'
import type { LngLat } from '@/domain/vocabulary.ts'

export interface ExifFacts {
  /** UTC instant. */
  takenAt: string | null
  lngLat: LngLat | null
  /** EXIF 1 to 8; 1 is upright. */
  orientation: number
}

/** Never throws. */
export function readExif(bytes: Uint8Array<ArrayBuffer>): ExifFacts {
  const nothing: ExifFacts = { takenAt: null, lngLat: null, orientation: 1 }
  try {
    const { exif, gps } = ExifReader.load(bytes.buffer, { expanded: true })
    const wallClock = exif?.DateTimeOriginal ?? exif?.DateTimeDigitized
    const offset = exif?.OffsetTimeOriginal ?? exif?.OffsetTime
    const { Longitude: lng, Latitude: lat } = gps ?? {}
    // Cameras without a position write zeros.
    const isPlace =
      lng !== undefined &&
      lat !== undefined &&
      Math.abs(lng) <= 180 &&
      Math.abs(lat) <= 90 &&
      (lng !== 0 || lat !== 0)
    const orientation = Number(exif?.Orientation?.value ?? 1)
    return {
      takenAt: exifInstant(wallClock?.description ?? '', offset?.description ?? null),
      lngLat: isPlace ? [lng, lat] : null,
      orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
    }
  } catch {
    return nothing
  }
}
