import type { AreaLevel } from '../vocabulary.ts'
import type { CellGrid, CellShape } from './cell-grid.ts'

export interface HotspotCellOptions {
  shape: CellShape
  /** Null takes the usual width. */
  widthMetres: number | null
  /** Areas of this level say which cells are judged. */
  level: AreaLevel
}

/** Why nothing can be said; `too_many`: more than `maxCells`, see `leastMetres`. */
export type CellObstacle = 'no_incidents' | 'few_cells' | 'all_equal' | 'too_many'

export interface HotspotCells {
  options: HotspotCellOptions
  obstacle: CellObstacle | null
  grid: CellGrid
  /** Widths to choose: the usual one for this box, and the smallest that can be drawn. */
  usualMetres: number
  leastMetres: number
  /** Cells with their centre in an area: only they are judged. */
  judged: number
  /** Those, and the others with an incident, ascending; the arrays below have their order. */
  cells: Uint32Array
  counts: Uint32Array
  /** ±1, ±2, ±3 for 90, 95 and 99 % after Benjamini–Hochberg, hot above 0. */
  classes: Int8Array
  /** z of Gi*. */
  scores: Float64Array
  /** After Benjamini–Hochberg. */
  p: Float64Array
}
