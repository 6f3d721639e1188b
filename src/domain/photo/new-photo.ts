import type { PhotoMediaType } from './photo-bytes.ts'

/** Without the camera's metadata. */
export interface NewPhoto {
  bytes: ArrayBuffer
  mediaType: PhotoMediaType
  width: number
  height: number
  takenAt?: string
  lon?: number
  lat?: number
  thumbnail?: ArrayBuffer
}
