import type { AreaLevel } from '../vocabulary.ts'
import type { CellGrid, CellShape } from './cell-grid.ts'
import type { HotspotObstacle, Judged, JudgeOptions } from './hotspots.ts'

export interface HotspotCellOptions extends JudgeOptions {
  shape: CellShape
  /** Null takes the usual width. */
  widthMetres: number | null
  /** Areas of this level say which cells are judged. */
  level: AreaLevel
}

/** Why nothing can be said; `too_many`: more than `maxCells`, see `leastMetres`. */
export type CellObstacle = Exclude<HotspotObstacle, 'few_areas'> | 'few_cells' | 'too_many'

export interface HotspotCells extends Omit<Judged, 'obstacle'> {
  options: HotspotCellOptions
  obstacle: CellObstacle | null
  grid: CellGrid
  /** Widths to choose: the usual one for this box, and the smallest that can be drawn. */
  usualMetres: number
  leastMetres: number
  /** Cells with their centre in an area: only they are judged. */
  judged: number
  /**
   * Those, and the others with an incident, ascending. The arrays have their order, except that
   * `series` stays empty.
   */
  cells: Uint32Array
}
