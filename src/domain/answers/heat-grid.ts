import type { BoundingBox } from '../vocabulary.ts'

/** A density picture of one filter, for the heat layer. */
export interface HeatGrid {
  /** `width * height` values, 0 = nothing, 255 = the densest; rows from north to south, each from west to east. */
  density: Uint8Array
  width: number
  height: number
  /** What the picture covers; columns and rows are equal steps in web mercator. */
  bbox: BoundingBox
}
