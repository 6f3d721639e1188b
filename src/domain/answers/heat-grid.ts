import type { BoundingBox } from '../vocabulary.ts'

/** The picture asked for; a third of the screen's pixels is plenty. */
export interface HeatRequest {
  bbox: BoundingBox
  width: number
  height: number
  /** How far one incident is smeared, in pixels of the picture; 0 leaves it in its pixel. */
  radiusPixels: number
}

/** A density picture of one filter, for the heat layer. */
export interface HeatGrid {
  /** `width * height` values from 0 (nothing) to 255 (the densest), north to south, west to east. */
  density: Uint8Array
  width: number
  height: number
  /** The box of the picture; columns and rows are equal steps in web mercator. */
  bbox: BoundingBox
}
