import type { CompareWindow } from '../time/compare-window.ts'
import type { AreaLevel } from '../vocabulary.ts'
import type { ClosingGroup } from './closing.ts'

/** Ignores `areas`, so that areas beside the chosen ones are coloured too. */
export interface ClosingByArea {
  areaLevel: AreaLevel
  /** Without areas that hold nothing. */
  areas: ({ idx: number } & ClosingGroup)[]
}

/** Incidents in a window instead of the filter's period; ignores `areas`. */
export interface WindowCounts {
  window: CompareWindow
  /** Of the deepest area, by `Area.idx`. */
  byArea: Uint32Array
  /** Of the filter's areas, one a day from the first of the window on. */
  byDay: Uint32Array
}
