import { JpegScans } from './jpeg-scan.ts'
import { JpegTables } from './jpeg-tables.ts'
import { bigAt, textAt } from './photo-bytes.ts'
import type { PhotoParts } from './photo-bytes.ts'

const frameMarkers = new Set([0xc0, 0xc1, 0xc2])
/** Tables and the restart interval. */
const tableMarkers = new Set([0xc4, 0xdb, 0xdd])
/** Pixels, as `photoLimits`. */
const maxWalkedSide = 2048
const [startOfScan, endOfImage] = [0xda, 0xd9]

/** Null for an incomplete JPEG. Source: ITU-T T.81 annex B, JFIF 1.02. */
export function takeJpegApart(bytes: Uint8Array): PhotoParts | null {
  const kept: PhotoParts['kept'] = [[0, 2]]
  let frame: { width: number; height: number } | null = null
  let hasScan = false
  let hasMetadata = false
  let scans: JpegScans | null = null
  const tables = new JpegTables()
  let at = 2
  for (;;) {
    if (bytes[at] !== 0xff) return null
    // Fill bytes are allowed before a marker.
    while (bytes[at + 1] === 0xff) at++
    const marker = bytes[at + 1]
    if (marker === undefined) return null
    if (marker === endOfImage) {
      if (!frame || !hasScan) return null
      kept.push([at, at + 2])
      const { width, height } = frame
      const { hasUnused, unusedSegments } = tables.end()
      hasMetadata ||= hasUnused || at + 2 !== bytes.length
      return {
        facts: { mediaType: 'image/jpeg', width, height, hasMetadata },
        kept: kept.filter(([start]) => !unusedSegments.has(start)),
      }
    }
    const length = bigAt(bytes, at + 2, 2)
    let end = at + 2 + length
    if (length < 2 || end > bytes.length) return null
    if (frameMarkers.has(marker)) {
      if (frame || length !== 8 + 3 * bytes[at + 9]!) return null
      frame = { height: bigAt(bytes, at + 5, 2), width: bigAt(bytes, at + 7, 2) }
      if (frame.width === 0 || frame.height === 0) return null
      if (!JpegScans.hasFactors(bytes, at)) return null
      tables.frame(bytes, at)
      // a larger picture is refused whatever its scans hold
      if (Math.max(frame.width, frame.height) <= maxWalkedSide) scans = new JpegScans(bytes, at)
    } else if (marker === startOfScan) {
      if (!frame || length !== 6 + 2 * bytes[at + 4]!) return null
      hasScan = true
      tables.scan(bytes, at)
      end = markerAfter(bytes, end)
      if (scans) {
        const coded = scans.end(bytes, at, tables.restartInterval, (c, id) => tables.codes(c, id))
        if (coded === null) return null
        // fill bytes before the marker are no content
        if (bytes.subarray(coded, end).some((byte) => byte !== 0xff)) hasMetadata = true
        kept.push([at, coded])
        at = end
        continue
      }
    } else if (tableMarkers.has(marker)) {
      if (!tables.define(bytes, at, end)) return null
    } else if (!isHarmlessSegment(bytes, at, length)) {
      if (!isSkippable(marker)) return null
      hasMetadata = true
      at = end
      continue
    }
    kept.push([at, end])
    at = end
  }
}

function markerAfter(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1]
    if (next === undefined) break
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at
  }
  return bytes.length
}

/** No colour profile: it has room for text. */
function isHarmlessSegment(bytes: Uint8Array, at: number, length: number): boolean {
  const marker = bytes[at + 1]
  const name = textAt(bytes, at + 4)
  if (marker === 0xe0) return name === 'JFIF' && length === 16
  return marker === 0xee && length === 14 && name === 'Adob'
}

function isSkippable(marker: number): boolean {
  return (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe
}
