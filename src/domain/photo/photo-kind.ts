/** By the first bytes; media types are only claims. */
export type ImageKind = 'jpeg' | 'png' | 'webp' | 'gif' | 'bmp' | 'avif' | 'heic' | 'svg' | 'html'

/** Texts at `capture.refusal.…`. */
export type PhotoRefusal =
  | 'empty'
  | 'too-large'
  | 'not-an-image'
  | 'svg'
  | 'html'
  | 'heic'
  | 'broken'
  | 'too-many-pixels'
  | 'unreadable'
  | 'not-loaded'

export class PhotoRefused extends Error {
  readonly code: PhotoRefusal

  constructor(code: PhotoRefusal, cause?: unknown) {
    super(`photo refused: ${code}`, { cause })
    this.name = 'PhotoRefused'
    this.code = code
  }
}

/** Pixels. */
export const thumbnailLongSide = 320
export const maxFileBytes = 100 * 1024 * 1024
/** Decoding more exceeds a phone's memory. */
export const maxPixels = 220_000_000

const brands: Record<string, ImageKind> = {
  avif: 'avif',
  avis: 'avif',
  heic: 'heic',
  heix: 'heic',
  heim: 'heic',
  heis: 'heic',
  hevc: 'heic',
  hevx: 'heic',
  mif1: 'heic',
  msf1: 'heic',
}

/** @param head the first 512 bytes, or the whole file */
export function imageKindOf(head: Uint8Array): ImageKind | null {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, i) => head[i] === byte)
  const ascii = (from: number, to: number): string =>
    String.fromCharCode(...head.subarray(from, to))
  if (starts(0xff, 0xd8, 0xff)) return 'jpeg'
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png'
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp'
  if (ascii(0, 4) === 'GIF8') return 'gif'
  if (ascii(4, 8) === 'ftyp') return brands[ascii(8, 12)] ?? null
  if (ascii(0, 2) === 'BM') return 'bmp'
  const text = ascii(0, Math.min(512, head.length))
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart()
    .toLowerCase()
  if (/^<!doctype html|^<html|^<head|^<body|^<script/.test(text)) return 'html'
  if (/^(<\?xml|<!--|<svg|<!doctype svg)/.test(text) && text.includes('<svg')) return 'svg'
  return null
}

/** Before the orientation is applied. */
export interface PixelSize {
  width: number
  height: number
}

/** Never enlarges. */
export function fitInside({ width, height }: PixelSize, longSide: number): PixelSize {
  const scale = Math.min(1, longSide / Math.max(width, height))
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  }
}

/**
 * Without an offset the device's time zone applies.
 * @param wallClock `YYYY:MM:DD HH:MM:SS`
 * @returns an instant in UTC
 */
export function exifInstant(wallClock: string, offset: string | null): string | null {
  const parts = /^(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)/.exec(wallClock)
  if (!parts || parts[1] === '0000') return null
  const [, year, month, day, hour, minute, second] = parts
  // `Date` takes 30 February for a day in March.
  const date = `${year}-${month}-${day}`
  const inUtc = new Date(`${date}T00:00Z`)
  if (Number.isNaN(inUtc.getTime()) || !inUtc.toISOString().startsWith(date)) return null
  const zone = offset && /^[+-]\d\d:\d\d$|^Z$/.test(offset) ? offset : ''
  const instant = new Date(`${date}T${hour}:${minute}:${second}${zone}`)
  return Number.isNaN(instant.getTime()) ? null : instant.toISOString()
}
