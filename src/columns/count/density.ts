import { quantum } from '../../domain/answers/columns.ts'
import type { HeatGrid, HeatRequest } from '../../domain/answers/heat-grid.ts'
import type { BoundingBox } from '../../domain/vocabulary.ts'
import { rowsIn, type FilteredMonths } from './passing-rows.ts'
import { pickRows, rowRoom } from './pick-rows.ts'
import type { Span } from './span.ts'
import type { MonthColumns } from './column-set.ts'

/**
 * Rows are equally spaced in web mercator, as on the map. Three box blurs approximate a Gaussian
 * (W. M. Wells, IEEE PAMI 8, 1986). Incidents just outside count too, so edges stay the same when
 * the map moves. Of more than a million incidents in sight only every second, third … is drawn:
 * the picture has 256 shades, and a shade comes from thousands of incidents then.
 * @param cityBbox the box of the quantised places
 * @throws RangeError for an empty picture or a side over 32,767 pixels
 */
export function density(
  filtered: FilteredMonths,
  cityBbox: BoundingBox,
  request: HeatRequest,
): HeatGrid {
  const { bbox, width, height } = request
  if (!(width >= 1 && height >= 1 && bbox[0] < bbox[2] && bbox[1] < bbox[3]))
    throw new RangeError('density: an empty picture')
  const half = Math.round(request.radiusPixels / 3)
  const margin = half * 3
  if (Math.max(width, height) + 2 * margin > 32_767)
    throw new RangeError('density: the picture is too large')
  const paddedWidth = width + 2 * margin
  const paddedHeight = height + 2 * margin
  const counts = new Float32Array(paddedWidth * paddedHeight)
  const [west, south, east, north] = cityBbox
  const columnOf = pixelTable(paddedWidth, (edge) => {
    const lng = bbox[0] + ((edge - margin) / width) * (bbox[2] - bbox[0])
    return ((lng - west) / (east - west)) * quantum
  })
  const [top, bottom] = [mercatorFromLat(bbox[3]), mercatorFromLat(bbox[1])]
  const rowOf = pixelTable(paddedHeight, (edge) => {
    const lat = latFromMercator(top + ((edge - margin) / height) * (bottom - top))
    return ((lat - south) / (north - south)) * quantum
  })
  const pixels = { counts, width: paddedWidth, columnOf, rowOf }
  countPixels(filtered, pixels, stepFor(filtered, pixels))

  if (half > 0) blur(counts, paddedWidth, paddedHeight, half)
  return normalise(counts, paddedWidth, margin, request)
}

interface Pixels {
  counts: Float32Array
  width: number
  /** By quantised place, −1 outside. */
  columnOf: Int16Array
  rowOf: Int16Array
}

/** A picture of so many incidents is as good as one of all. */
const enoughInSight = 400_000
/** So many rows tell how many of all are in sight, give or take a few in a hundred. */
const sampleRows = 20_000

/** Every so manieth row is drawn: 1 up to twice the number that is enough. */
function stepFor(filtered: FilteredMonths, pixels: Pixels): number {
  const rows = filtered.months.reduce((sum, { spans }) => sum + rowsIn(spans), 0)
  if (rows <= 2 * enoughInSight) return 1
  const step = Math.floor(rows / sampleRows)
  const inSight = step * countPixels(filtered, pixels, step)
  pixels.counts.fill(0)
  return inSight <= 2 * enoughInSight ? 1 : Math.floor(inSight / enoughInSight)
}

/** Returns how many incidents it counted. */
function countPixels({ rules, months }: FilteredMonths, pixels: Pixels, step: number): number {
  let counted = 0
  let skip = 0
  for (const filtered of months) {
    const { month, spans, minutes } = filtered
    const isPicked = rules.hasAreas || rules.box !== null || minutes !== null
    const room = rowRoom(month.count + 1)
    for (let at = 0; at < spans.length; at += 2) {
      const span = { start: spans[at]! + skip, end: spans[at + 1]!, step }
      counted += isPicked
        ? drawListed(month, room, pickRows(month, rules, minutes, span, room), pixels)
        : drawSpan(month, span, pixels)
      // the next span goes on in step
      skip = Math.max(0, Math.ceil((span.end - span.start) / step)) * step + span.start - span.end
    }
  }
  return counted
}

function drawSpan(
  { x, y }: MonthColumns,
  { start, end, step }: Span,
  { counts, width, columnOf, rowOf }: Pixels,
): number {
  let drawn = 0
  for (let i = start; i < end; i += step) {
    const column = columnOf[x[i]!]!
    const row = rowOf[y[i]!]!
    if ((column | row) < 0) continue
    counts[Math.imul(row, width) + column]!++
    drawn++
  }
  return drawn
}

function drawListed(
  { x, y }: MonthColumns,
  rows: Uint32Array,
  count: number,
  { counts, width, columnOf, rowOf }: Pixels,
): number {
  let drawn = 0
  for (let at = 0; at < count; at++) {
    const column = columnOf[x[rows[at]!]!]!
    const row = rowOf[y[rows[at]!]!]!
    if ((column | row) < 0) continue
    counts[Math.imul(row, width) + column]!++
    drawn++
  }
  return drawn
}

/** The pixel of each quantised place, −1 outside the padded picture. */
function pixelTable(pixels: number, edgeAt: (edge: number) => number): Int16Array {
  const table = new Int16Array(quantum + 1).fill(-1)
  const first = (edge: number) => Math.min(quantum + 1, Math.max(0, Math.ceil(edge)))
  for (let pixel = 0; pixel < pixels; pixel++) {
    // Rows run southwards, places northwards.
    const [one, other] = [edgeAt(pixel), edgeAt(pixel + 1)]
    table.fill(pixel, first(Math.min(one, other)), first(Math.max(one, other)))
  }
  return table
}

/** Web mercator's y in radians. */
const mercatorFromLat = (lat: number): number =>
  Math.asinh(Math.tan((Math.min(85, Math.max(-85, lat)) * Math.PI) / 180))
const latFromMercator = (y: number): number => (Math.atan(Math.sinh(y)) * 180) / Math.PI

/** Three running means over `2 * half + 1` values in each direction. */
function blur(values: Float32Array, width: number, height: number, half: number): void {
  const scratch = new Float32Array(values.length)
  const sums = new Float64Array(width)
  for (let pass = 0; pass < 3; pass++) {
    blurRows(values, scratch, width, height, half)
    blurColumns(scratch, values, width, height, half, sums)
  }
}

function blurRows(
  from: Float32Array,
  to: Float32Array,
  width: number,
  height: number,
  half: number,
): void {
  const scale = 1 / (2 * half + 1)
  for (let y = 0; y < height; y++) {
    const start = y * width
    let sum = 0
    for (let x = 0; x < Math.min(half, width); x++) sum += from[start + x]!
    for (let x = 0; x < width; x++) {
      if (x + half < width) sum += from[start + x + half]!
      to[start + x] = sum * scale
      if (x >= half) sum -= from[start + x - half]!
    }
  }
}

/** Works row by row: walking down single columns misses the cache. */
function blurColumns(
  from: Float32Array,
  to: Float32Array,
  width: number,
  height: number,
  half: number,
  sums: Float64Array,
): void {
  const scale = 1 / (2 * half + 1)
  sums.fill(0)
  for (let y = 0; y < Math.min(half, height); y++)
    for (let x = 0; x < width; x++) sums[x]! += from[y * width + x]!
  for (let y = 0; y < height; y++) {
    const row = y * width
    if (y + half < height)
      for (let x = 0, at = row + half * width; x < width; x++, at++) sums[x]! += from[at]!
    for (let x = 0; x < width; x++) to[row + x] = sums[x]! * scale
    if (y >= half)
      for (let x = 0, at = row - half * width; x < width; x++, at++) sums[x]! -= from[at]!
  }
}

/** The square root keeps sparse places visible. */
function normalise(
  counts: Float32Array,
  paddedWidth: number,
  margin: number,
  { bbox, width, height }: HeatRequest,
): HeatGrid {
  let max = 0
  for (let y = 0; y < height; y++) {
    const row = (y + margin) * paddedWidth + margin
    for (let x = 0; x < width; x++) if (counts[row + x]! > max) max = counts[row + x]!
  }
  const bytes = new Uint8Array(width * height)
  // Running sums leave rounding errors in empty places, which must stay dark.
  const scale = max > 1e-5 ? 1 / max : 0
  for (let y = 0; y < height; y++) {
    const row = (y + margin) * paddedWidth + margin
    for (let x = 0; x < width; x++) {
      const share = counts[row + x]! * scale
      bytes[y * width + x] = share > 0 ? (255 * Math.sqrt(share) + 0.5) | 0 : 0
    }
  }
  return { density: bytes, width, height, bbox }
}
