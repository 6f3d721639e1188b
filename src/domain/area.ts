import type { AreaLevel, BoundingBox, LngLat } from './vocabulary.ts'

/** One polygon of the hierarchy, without its geometry. */
export interface Area {
  /** Small stable integer, the area index of the packed columns; never reused. */
  idx: number
  /** The city's own code. */
  code: string
  parentCode: string | null
  /** Codes from the top, each ended by `/`; scope is a prefix of this, never of the code. */
  path: string
  level: AreaLevel
  name: string
  households: number | null
  bbox: BoundingBox
  /** A point that lies inside the area. */
  pointOnSurface: LngLat
}

/** True when `area` is `ancestor` or lies below it. */
export const isWithin = (area: Pick<Area, 'path'>, ancestor: Pick<Area, 'path'>): boolean =>
  area.path.startsWith(ancestor.path)
