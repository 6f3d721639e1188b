import { ascii, jpegFile, jpegSegment } from '../fixtures/photo-files.ts'

interface Taken {
  /** `YYYY:MM:DD HH:MM:SS`, the camera's wall clock. */
  wallClock: string
  /** `+08:00`. */
  offset: string
  /** West of Greenwich and north of the equator. */
  lngLat: readonly [lng: number, lat: number]
  /** 1 to 8; 6 lies on its side. */
  orientation?: number
}

type Entry = [tag: number, type: 'ascii' | 'short' | 'long' | 'rationals', value: string | number[]]
const types = { ascii: 2, short: 3, long: 4, rationals: 5 }

/** A JPEG with the EXIF a phone writes: orientation, time with offset, position. */
export function exifPhoto(
  size: { width: number; height: number; seed?: number },
  { wallClock, offset, lngLat, orientation = 1 }: Taken,
): Uint8Array<ArrayBuffer> {
  const exif: Entry[] = [
    [0x9003, 'ascii', wallClock],
    [0x9011, 'ascii', offset],
  ]
  const degrees = (value: number): number[] => [Math.round(Math.abs(value) * 1e6), 1e6, 0, 1, 0, 1]
  const gps: Entry[] = [
    [1, 'ascii', 'N'],
    [2, 'rationals', degrees(lngLat[1])],
    [3, 'ascii', 'W'],
    [4, 'rationals', degrees(lngLat[0])],
  ]
  // Two passes: where the sub-directories lie depends on how long the first one is.
  const top = (exifAt: number, gpsAt: number): Entry[] => [
    [0x0112, 'short', [orientation]],
    [0x8769, 'long', [exifAt]],
    [0x8825, 'long', [gpsAt]],
  ]
  const exifAt = 8 + directory(top(0, 0), 8).length
  const gpsAt = exifAt + directory(exif, exifAt).length
  const tiff = [
    ...[...ascii('MM'), 0, 42, ...long(8)],
    ...directory(top(exifAt, gpsAt), 8),
    ...directory(exif, exifAt),
    ...directory(gps, gpsAt),
  ]
  return jpegFile({ ...size, extra: [jpegSegment(0xe1, [...ascii('Exif\0\0'), ...tiff])] })
}

const long = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255)

/** An image file directory at `at`, what does not fit its entries behind it. */
function directory(entries: readonly Entry[], at: number): number[] {
  const head = [0, entries.length]
  const behind: number[] = []
  const behindAt = at + 2 + entries.length * 12 + 4
  for (const [tag, type, value] of entries) {
    const bytes = bytesOf(type, value)
    const count = type === 'rationals' ? bytes.length / 8 : type === 'ascii' ? bytes.length : 1
    head.push(tag >> 8, tag & 255, 0, types[type], ...long(count))
    if (bytes.length <= 4) head.push(...bytes, ...Array<number>(4 - bytes.length).fill(0))
    else {
      head.push(...long(behindAt + behind.length))
      behind.push(...bytes)
    }
  }
  return [...head, ...long(0), ...behind]
}

function bytesOf(type: Entry[1], value: Entry[2]): number[] {
  if (typeof value === 'string') return ascii(`${value}\0`)
  return type === 'short' ? [value[0]! >> 8, value[0]! & 255] : value.flatMap(long)
}
