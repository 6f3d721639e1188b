import { bytesFromBase64 } from '../bytes.ts'

/** Base64; 16-bit numbers are big endian. */
export interface PackedPointTile {
  total: number
  shown: number
  ids: string[]
  category: string
  stage: string
  x: string
  y: string
  hidden?: number | undefined
  stacks?: [x: number, y: number, count: number][] | undefined
}

/** Incidents at one place of a capped tile, drawn or not. */
interface PointStack {
  x: number
  y: number
  count: number
}

export interface PointTile {
  /** Passing incidents; more than `shown` when capped. */
  total: number
  shown: number
  ids: string[]
  /** `Category.idx`. */
  category: Uint8Array
  /** Low nibble: index in `stages`; high nibble: `incidentFlags`, and 2 for generated steps. */
  stage: Uint8Array
  /** Tile-local, extent 4096, eastwards and southwards. */
  x: Int16Array
  y: Int16Array
  /** Incidents at places of which none is shown. */
  hidden: number
  /** True counts of a capped tile's places; empty where all are shown. */
  stacks: PointStack[]
}

/** @throws RangeError unless each column holds `shown` values */
export function unpackPointTile(packed: PackedPointTile): PointTile {
  const tile: PointTile = {
    total: packed.total,
    shown: packed.shown,
    ids: packed.ids,
    category: bytesFromBase64(packed.category),
    stage: bytesFromBase64(packed.stage),
    x: bigEndianInt16(bytesFromBase64(packed.x)),
    y: bigEndianInt16(bytesFromBase64(packed.y)),
    hidden: packed.hidden ?? 0,
    stacks: (packed.stacks ?? []).map(([x, y, count]) => ({ x, y, count })),
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
