import { fitInside } from '@/domain/photo/photo-kind.ts'
import type { PixelSize } from '@/domain/photo/photo-kind.ts'
import { photoLimits } from '@/domain/photo/photo-rules.ts'

/** Below this the whole picture takes no more memory than a page has to spare (64 MB). */
const largePixels = 16_000_000

/**
 * A large JPEG, made small by the decoder: it computes an eighth, two eighths, … of each side and
 * never holds the rest. 60 megapixels take some 20 MB that way and 300 MB otherwise. Null where it
 * is not worth while, or the browser cannot do it or would lose the camera's orientation.
 *
 * @param size upright @throws what the decoder throws for a damaged file
 */
export async function decodeSmall(file: Blob, size: PixelSize): Promise<OffscreenCanvas | null> {
  if (size.width * size.height < largePixels || !canKeepUpright()) return null
  const target = fitInside(size, photoLimits.sidePixels)
  // The largest step below what is wanted would do, if it is nearly as large; else the next one.
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
