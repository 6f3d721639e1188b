/** Media types a photo may have. */
export const photoMediaTypes = ['image/jpeg', 'image/webp'] as const
export type PhotoMediaType = (typeof photoMediaTypes)[number]

export interface PhotoFacts {
  mediaType: PhotoMediaType
  /** Pixels. */
  width: number
  height: number
  /** The file holds more than the picture; a colour profile counts. */
  hasMetadata: boolean
}

/** Facts of a file, and the byte ranges [start, end) of the picture alone. */
export interface PhotoParts {
  facts: PhotoFacts
  kept: [start: number, end: number][]
}

/** Four characters, fewer at the end. */
export function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4))
}

/** Big endian; bytes past the end count as 0. Callers compare every length with the end. */
export function bigAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = 0; i < count; i++) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}

export function littleAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}
