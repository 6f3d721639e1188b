import type { PhotoMediaType } from './photo-bytes.ts'

/** A photo as the device stores it: bytes without the camera's metadata. */
export interface NewPhoto {
  bytes: ArrayBuffer
  mediaType: PhotoMediaType
  width: number
  height: number
  takenAt?: string
  lon?: number
  lat?: number
  /** A small JPEG or WebP for lists. */
  thumbnail?: ArrayBuffer
}
