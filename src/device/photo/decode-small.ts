import { fitInside } from '@/domain/photo/photo-kind.ts'
import type { PixelSize } from '@/domain/photo/photo-kind.ts'
import { photoLimits } from '@/domain/photo/photo-rules.ts'

/** Below this, a whole picture fits in memory (64 MB). */
const largePixels = 16_000_000

/**
 * Decodes in eighths of the size: 60 megapixels take about 20 MB, not 300. Null if not worthwhile,
 * unsupported, or orientation would be lost.
 * @param size upright @throws the decoder's errors for a damaged file
 */
export async function decodeSmall(file: Blob, size: PixelSize): Promise<OffscreenCanvas | null> {
  if (size.width * size.height < largePixels || !canKeepUpright()) return null
  const target = fitInside(size, photoLimits.sidePixels)
  // The smallest step of at least 95 % of the target.
  const eighths = Math.ceil((8 * target.width * 0.95) / size.width)
  const desired = Math.ceil((Math.max(size.width, size.height) * Math.min(8, eighths)) / 8)
  const decoder = new ImageDecoder({
    data: await file.arrayBuffer(),
    type: 'image/jpeg',
    desiredWidth: desired,
    desiredHeight: desired,
  })
  try {
    const { image } = await decoder.decode()
    const isUpright = image.displayWidth >= image.displayHeight === size.width >= size.height
    const canvas = isUpright ? drawn(image, target) : null
    image.close()
    return canvas
  } finally {
    decoder.close()
  }
}

const canKeepUpright = (): boolean =>
  typeof ImageDecoder !== 'undefined' &&
  typeof VideoFrame !== 'undefined' &&
  'rotation' in VideoFrame.prototype &&
  'flip' in VideoFrame.prototype

function drawn(frame: VideoFrame, wanted: PixelSize): OffscreenCanvas | null {
  const { width, height } = fitInside(
    wanted,
    Math.min(
      Math.max(wanted.width, wanted.height),
      Math.max(frame.displayWidth, frame.displayHeight),
    ),
  )
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d', { alpha: false })
  if (!context) return null
  context.imageSmoothingQuality = 'high'
  context.drawImage(frame, 0, 0, width, height)
  return canvas
}
