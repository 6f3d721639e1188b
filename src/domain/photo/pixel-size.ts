import type { ImageKind, PixelSize } from './photo-kind.ts'
import { bigAt, littleAt, textAt } from './photo-bytes.ts'

/**
 * Finds files too large to decode.
 * @param head up to the frame header
 */
export function pixelSizeOf(kind: ImageKind, head: Uint8Array): PixelSize | null {
  switch (kind) {
    case 'jpeg':
      return jpegSize(head)
    case 'png':
      return sized(head, 24, bigAt(head, 16, 4), bigAt(head, 20, 4))
    case 'gif':
      return sized(head, 10, littleAt(head, 6, 2), littleAt(head, 8, 2))
    case 'bmp':
      // Negative height: rows run top down.
      return sized(head, 26, littleAt(head, 18, 4) | 0, Math.abs(littleAt(head, 22, 4) | 0))
    case 'webp':
      return webpSize(head)
    case 'heic':
    case 'avif':
      return largestImage(head)
    default:
      return null
  }
}

const sized = (head: Uint8Array, least: number, width: number, height: number): PixelSize | null =>
  head.length >= least && width > 0 && height > 0 ? { width, height } : null

/** Source: ITU-T T.81 annex B. */
function jpegSize(head: Uint8Array): PixelSize | null {
  let at = 2
  while (at + 9 < head.length && head[at] === 0xff) {
    const marker = head[at + 1]!
    // Fill bytes.
    if (marker === 0xff) {
      at++
      continue
    }
    // Start of frame, without DHT, JPG and DAC.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { width: bigAt(head, at + 7, 2), height: bigAt(head, at + 5, 2) }
    at += 2 + bigAt(head, at + 2, 2)
  }
  return null
}

/** Source: RFC 9649 section 2.5 to 2.7. */
function webpSize(head: Uint8Array): PixelSize | null {
  const chunk = textAt(head, 12)
  if (chunk === 'VP8X') return sized(head, 30, littleAt(head, 24, 3) + 1, littleAt(head, 27, 3) + 1)
  if (chunk === 'VP8 ')
    return sized(head, 30, littleAt(head, 26, 2) & 0x3fff, littleAt(head, 28, 2) & 0x3fff)
  if (chunk !== 'VP8L') return null
  const bits = littleAt(head, 21, 4)
  return sized(head, 25, (bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1)
}

/**
 * The largest `ispe` is the picture; the others are tiles and thumbnails. Source: ISO/IEC 23008-12
 * section 6.5.3.
 */
function largestImage(head: Uint8Array): PixelSize | null {
  let largest: PixelSize | null = null
  const walk = (from: number, to: number): void => {
    for (let at = from; at + 8 <= to;) {
      const size = bigAt(head, at, 4)
      const end = size === 0 ? to : at + size
      const name = textAt(head, at + 4)
      if (size !== 0 && size < 8) return
      // Skips version and flags.
      if (name === 'meta') walk(at + 12, Math.min(end, to))
      else if (name === 'iprp' || name === 'ipco') walk(at + 8, Math.min(end, to))
      else if (name === 'ispe' && end <= to) {
        const [width, height] = [bigAt(head, at + 12, 4), bigAt(head, at + 16, 4)]
        if (!largest || width * height > largest.width * largest.height) largest = { width, height }
      }
      at = end
    }
  }
  walk(0, head.length)
  return largest
}
