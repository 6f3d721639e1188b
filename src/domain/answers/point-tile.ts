import { bytesFromBase64 } from '../bytes.ts'

/** One tile from `incident_points`; numbers are base64, 16-bit ones big endian. */
export interface PackedPointTile {
  total: number
  shown: number
  ids: string[]
  category: string
  stage: string
  x: string
  y: string
}

/** One tile as typed arrays with `shown` values each, in the same order. */
export interface PointTile {
  /** Incidents of the tile that pass the filter; more than `shown` when capped. */
  total: number
  shown: number
  ids: string[]
  /** `Category.idx`. */
  category: Uint8Array
  /** Low nibble the index in `stages`, high nibble `incidentFlags`. */
  stage: Uint8Array
  /** Tile-local place, extent 4096, from west to east and from north to south. */
  x: Int16Array
  y: Int16Array
}

/** @throws RangeError when a column does not hold `shown` values: a torn tile is never drawn */
export function unpackPointTile(packed: PackedPointTile): PointTile {
  const tile: PointTile = {
    total: packed.total,
    shown: packed.shown,
    ids: packed.ids,
    category: bytesFromBase64(packed.category),
    stage: bytesFromBase64(packed.stage),
    x: bigEndianInt16(bytesFromBase64(packed.x)),
    y: bigEndianInt16(bytesFromBase64(packed.y)),
  }
  for (const column of ['ids', 'category', 'stage', 'x', 'y'] as const) {
    if (tile[column].length !== tile.shown) {
      throw new RangeError(
        `point tile: ${column} holds ${tile[column].length} values, not ${tile.shown}`,
      )
    }
  }
  return tile
}

function bigEndianInt16(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Int16Array.from({ length: bytes.length >> 1 }, (_, i) => view.getInt16(i * 2))
}
