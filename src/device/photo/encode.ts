import {
  fitInside,
  maxFileBytes,
  maxPixels,
  imageKindOf,
  PhotoRefused,
  thumbnailLongSide,
  type ImageKind,
  type PixelSize,
} from '@/domain/photo/photo-kind.ts'
import { pixelSizeOf } from '@/domain/photo/pixel-size.ts'
import { photoLimits, withoutMetadata } from '@/domain/photo/photo-rules.ts'
import type { NewPhoto } from '@/domain/photo/new-photo.ts'
import { decodeSmall } from './decode-small.ts'
import { readExif, type ExifFacts } from './exif.ts'

/** Contains the frame size and a JPEG's EXIF. */
const headBytes = 1024 * 1024
/** Tried in order until the file fits. */
const qualities = [0.82, 0.7, 0.55, 0.4]

/**
 * Reads time and place, then re-encodes as a JPEG of at most 2,048 pixels without metadata. Needs
 * `OffscreenCanvas`; meant for a worker.
 * @throws PhotoRefused
 */
export async function encodePhoto(file: Blob): Promise<NewPhoto> {
  if (file.size === 0) throw new PhotoRefused('empty')
  if (file.size > maxFileBytes) throw new PhotoRefused('too-large')
  const head = await bytesOf(file.slice(0, headBytes))
  const kind = photoKind(head)
  const size = pixelSizeOf(kind, head)
  if (size && size.width * size.height > maxPixels) throw new PhotoRefused('too-many-pixels')
  const exif = readExif(kind === 'jpeg' ? head : await bytesOf(file))
  // Other formats also store orientation outside EXIF and would come out rotated.
  const known = kind === 'jpeg' || kind === 'png' ? size : null
  const bitmap = await decode(file, kind, known && oriented(known, exif))
  try {
    const { longSide, bytes, width, height } = await encodeSmallEnough(bitmap)
    const thumbnail = await encode(bitmap, Math.min(longSide, thumbnailLongSide), 0.7)
    return {
      bytes,
      mediaType: 'image/jpeg',
      width,
      height,
      thumbnail: thumbnail.bytes,
      ...(exif.takenAt && { takenAt: exif.takenAt }),
      ...(exif.lngLat && { lon: exif.lngLat[0], lat: exif.lngLat[1] }),
    }
  } finally {
    if (bitmap instanceof ImageBitmap) bitmap.close()
  }
}

async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer())
  } catch (error) {
    // The file is in a cloud, or was deleted after it was chosen.
    throw new PhotoRefused('unreadable', error)
  }
}

function photoKind(head: Uint8Array): Exclude<ImageKind, 'svg' | 'html'> {
  const kind = imageKindOf(head)
  if (kind === 'svg' || kind === 'html') throw new PhotoRefused(kind)
  if (kind === null) throw new PhotoRefused('not-an-image')
  return kind
}

/** EXIF orientations from 5 swap width and height. */
const oriented = ({ width, height }: PixelSize, { orientation }: ExifFacts): PixelSize =>
  orientation >= 5 ? { width: height, height: width } : { width, height }

type Picture = ImageBitmap | OffscreenCanvas

/** The decoder shrinks large JPEGs if it can, to save memory. */
async function decode(file: Blob, kind: ImageKind, size: PixelSize | null): Promise<Picture> {
  try {
    const small = kind === 'jpeg' && size ? await decodeSmall(file, size) : null
    return small ?? (await decodeWhole(file, size))
  } catch (error) {
    throw new PhotoRefused(kind === 'heic' ? 'heic' : 'broken', error)
  }
}

function decodeWhole(file: Blob, size: PixelSize | null): Promise<ImageBitmap> {
  const options: ImageBitmapOptions = { imageOrientation: 'from-image', resizeQuality: 'high' }
  if (size) {
    const { width, height } = fitInside(size, photoLimits.sidePixels)
    Object.assign(options, { resizeWidth: width, resizeHeight: height })
  }
  return createImageBitmap(file, options)
}

interface Encoded extends PixelSize {
  bytes: ArrayBuffer
}

async function encodeSmallEnough(bitmap: Picture): Promise<Encoded & { longSide: number }> {
  for (let longSide: number = photoLimits.sidePixels; ; longSide /= 2)
    for (const quality of qualities) {
      const encoded = await encode(bitmap, longSide, quality)
      if (encoded.bytes.byteLength <= photoLimits.bytes) return { ...encoded, longSide }
    }
}

async function encode(bitmap: Picture, longSide: number, quality: number): Promise<Encoded> {
  const { width, height } = fitInside(bitmap, longSide)
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d', { alpha: false })
  if (!context) throw new PhotoRefused('broken')
  // JPEG has no transparency: fill white, not black.
  context.fillStyle = '#ffffff'
  context.fillRect(0, 0, width, height)
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, 0, 0, width, height)
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality })
  // Encoders may add metadata, which the server refuses.
  const clean = withoutMetadata(new Uint8Array(await blob.arrayBuffer()))
  if (!clean) throw new PhotoRefused('broken')
  return { bytes: clean.buffer, width, height }
}
