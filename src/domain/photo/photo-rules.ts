/**
 * An allow-list for photos, the same on the device, our server and an Edge Function. Refuses files
 * with any other part: EXIF, XMP, thumbnails, colour profiles.
 */
import { textAt } from './photo-bytes.ts'
import type { PhotoFacts, PhotoMediaType, PhotoParts } from './photo-bytes.ts'
import { takeJpegApart } from './photo-jpeg.ts'
import { takeWebpApart, webpMetadataFlags } from './photo-webp.ts'

export type { PhotoFacts, PhotoMediaType }

export const photoLimits = { bytes: 5 * 1024 * 1024, sidePixels: 2048 } as const

/** After `photo_wrong_hash` sending again may help. */
export type PhotoFault =
  | 'photo_too_large'
  | 'photo_wrong_hash'
  | 'photo_not_an_image'
  | 'photo_wrong_type'
  | 'photo_too_big_sides'
  | 'photo_has_metadata'

export type PhotoVerdict =
  | { ok: true; mediaType: PhotoMediaType; bytes: number; width: number; height: number }
  | { ok: false; fault: PhotoFault }

/** SHA-256 in hex. */
export interface PhotoClaim {
  mediaType: string
  hash: string
  actualHash: string
}

/** By the first bytes. */
export function sniffMediaType(bytes: Uint8Array): PhotoMediaType | null {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg'
  return textAt(bytes, 0) === 'RIFF' && textAt(bytes, 8) === 'WEBP' ? 'image/webp' : null
}

/** Null unless it is a complete JPEG or WebP still image. */
export function readPhoto(bytes: Uint8Array): PhotoFacts | null {
  return takeApart(bytes)?.facts ?? null
}

/** The picture alone, not encoded again. Devices need it: Safari writes EXIF into every JPEG. */
export function withoutMetadata(bytes: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const parts = takeApart(bytes)
  if (!parts) return null
  const size = parts.kept.reduce((sum, [start, end]) => sum + end - start, 0)
  const clean = new Uint8Array(size)
  let offset = 0
  for (const [start, end] of parts.kept) {
    clean.set(bytes.subarray(start, end), offset)
    offset += end - start
  }
  if (parts.facts.mediaType === 'image/webp') {
    new DataView(clean.buffer).setUint32(4, size - 8, true)
    if (textAt(clean, 12) === 'VP8X') clean[20]! &= ~webpMetadataFlags
  }
  return clean
}

/** Checks the hash first, to recognise damage on the way. */
export function checkPhoto(bytes: Uint8Array, claim: PhotoClaim): PhotoVerdict {
  if (bytes.length > photoLimits.bytes) return refused('photo_too_large')
  if (claim.actualHash !== claim.hash) return refused('photo_wrong_hash')
  const sniffed = sniffMediaType(bytes)
  if (!sniffed) return refused('photo_not_an_image')
  if (sniffed !== claim.mediaType) return refused('photo_wrong_type')
  const facts = readPhoto(bytes)
  if (!facts) return refused('photo_not_an_image')
  const { mediaType, width, height } = facts
  if (Math.max(width, height) > photoLimits.sidePixels) return refused('photo_too_big_sides')
  if (facts.hasMetadata) return refused('photo_has_metadata')
  return { ok: true, mediaType, bytes: bytes.length, width, height }
}

export interface PhotoName {
  /** Uploader's user id. */
  owner: string
  hash: string
  mediaType: PhotoMediaType
}

const extensions: Record<PhotoMediaType, string> = { 'image/jpeg': 'jpg', 'image/webp': 'webp' }
const photoPathPattern =
  /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\/([0-9a-f]{64})\.(jpg|webp)$/

export function photoPath({ owner, hash, mediaType }: PhotoName): string {
  return `${owner}/${hash}.${extensions[mediaType]}`
}

export function photoNameFromPath(path: string): PhotoName | null {
  const [, owner, hash, extension] = photoPathPattern.exec(path) ?? []
  if (!owner || !hash) return null
  return { owner, hash, mediaType: extension === 'jpg' ? 'image/jpeg' : 'image/webp' }
}

const refused = (fault: PhotoFault): PhotoVerdict => ({ ok: false, fault })

function takeApart(bytes: Uint8Array): PhotoParts | null {
  const mediaType = sniffMediaType(bytes)
  if (mediaType === 'image/jpeg') return takeJpegApart(bytes)
  return mediaType === 'image/webp' ? takeWebpApart(bytes) : null
}
