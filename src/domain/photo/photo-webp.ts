import type { PixelSize } from './photo-kind.ts'
import { littleAt, textAt } from './photo-bytes.ts'
import type { PhotoParts } from './photo-bytes.ts'

/** Colour profile (0x20), EXIF (0x08) and XMP (0x04). */
export const webpMetadataFlags = 0x2c
const webpAnimationFlag = 0x02
const pictureChunks = new Set(['VP8X', 'ALPH', 'VP8 ', 'VP8L'])

/** Null for an incomplete or moving image. Source: RFC 9649 section 2, RFC 6386 section 9.1. */
export function takeWebpApart(bytes: Uint8Array): PhotoParts | null {
  const riffEnd = 8 + littleAt(bytes, 4, 4)
  if (riffEnd > bytes.length || riffEnd < 20) return null
  const kept: PhotoParts['kept'] = [[0, 12]]
  let canvas: PixelSize | null = null
  let image: PixelSize | null = null
  let hasMetadata = riffEnd !== bytes.length
  for (let at = 12; at < riffEnd;) {
    const name = textAt(bytes, at)
    const size = littleAt(bytes, at + 4, 4)
    // Chunks begin at even offsets.
    const end = at + 8 + size + (size % 2)
    if (at + 8 > riffEnd || end > riffEnd) return null
    if (name === 'ANIM' || name === 'ANMF') return null
    if (name === 'VP8X') {
      if (at !== 12 || size !== 10) return null
      const flags = bytes[at + 8]!
      if ((flags & webpAnimationFlag) !== 0) return null
      hasMetadata ||= (flags & webpMetadataFlags) !== 0
      canvas = { width: littleAt(bytes, at + 12, 3) + 1, height: littleAt(bytes, at + 15, 3) + 1 }
    } else if (name === 'VP8 ' || name === 'VP8L') {
      if (image) return null
      image = name === 'VP8 ' ? lossySize(bytes, at + 8, size) : losslessSize(bytes, at + 8, size)
      if (!image) return null
    }
    if (pictureChunks.has(name)) kept.push([at, end])
    else hasMetadata = true
    at = end
  }
  if (!image) return null
  if (canvas && (canvas.width !== image.width || canvas.height !== image.height)) return null
  return { facts: { mediaType: 'image/webp', ...image, hasMetadata }, kept }
}

/** Tag, start code, 14 bits for each side. */
function lossySize(bytes: Uint8Array, at: number, size: number): PixelSize | null {
  if (size < 10 || (bytes[at]! & 1) !== 0) return null
  if (bytes[at + 3] !== 0x9d || bytes[at + 4] !== 0x01 || bytes[at + 5] !== 0x2a) return null
  const width = littleAt(bytes, at + 6, 2) & 0x3fff
  const height = littleAt(bytes, at + 8, 2) & 0x3fff
  return width > 0 && height > 0 ? { width, height } : null
}

/** Signature, then 14 bits for each side less one. */
function losslessSize(bytes: Uint8Array, at: number, size: number): PixelSize | null {
  if (size < 5 || bytes[at] !== 0x2f) return null
  const bits = littleAt(bytes, at + 1, 4)
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
}
