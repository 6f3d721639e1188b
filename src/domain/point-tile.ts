/** One tile of incidents as typed arrays; every array holds `shown` values in the same order. */
export interface PointTile {
  /** Incidents that pass the filter in this tile; more than `shown` when the answer was capped. */
  total: number
  shown: number
  /** Incident ids. */
  ids: string[]
  /** `Category.idx`. */
  category: Uint8Array
  /** Low nibble the index in `stages`, high nibble `incidentFlags`. */
  stage: Uint8Array
  /** Tile-local place, extent 4096, from west to east and from north to south. */
  x: Int16Array
  y: Int16Array
}
