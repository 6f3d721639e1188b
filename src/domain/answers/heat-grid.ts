import type { BoundingBox } from '../vocabulary.ts'

/** A density picture for the heat layer. */
export interface HeatGrid {
  /**
   * `width * height` values from 0, nothing, to 255, the densest; rows north to south, each west to
   * east.
   */
  density: Uint8Array
  width: number
  height: number
  /** Area of the picture; columns and rows are equal steps in web mercator. */
  bbox: BoundingBox
}
