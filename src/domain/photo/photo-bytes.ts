export const photoMediaTypes = ['image/jpeg', 'image/webp'] as const
export type PhotoMediaType = (typeof photoMediaTypes)[number]

export interface PhotoFacts {
  mediaType: PhotoMediaType
  /** Pixels. */
  width: number
  height: number
  /** A colour profile counts. */
  hasMetadata: boolean
}

/** Byte ranges of the picture. */
export interface PhotoParts {
  facts: PhotoFacts
  kept: [start: number, end: number][]
}

export function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4))
}

/** Bytes past the end count as 0, so callers check every length. */
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
