import type { BoundingBox } from '../vocabulary.ts'

export interface HeatRequest {
  bbox: BoundingBox
  width: number
  height: number
  /** Blur of one incident, in the picture's pixels. */
  radiusPixels: number
}

export interface HeatGrid {
  /** 255 is densest; north to south, west to east. */
  density: Uint8Array
  width: number
  height: number
  /** Equal steps in web mercator. */
  bbox: BoundingBox
}
