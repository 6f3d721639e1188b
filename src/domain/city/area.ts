import type { AreaLevel, BoundingBox, LngLat } from '../vocabulary.ts'

/** One polygon of the hierarchy, without geometry. */
export interface Area {
  /** The area's index in the packed columns; never reused. */
  idx: number
  /** The city's own code. */
  code: string
  parentCode: string | null
  /** Codes from the top, each ended by `/`. Scope is a prefix of the path, never of the code. */
  path: string
  level: AreaLevel
  name: string
  households: number | null
  bbox: BoundingBox
  /** Grows with every change, of the polygon too. */
  revision: number
  /** Inside the area. */
  pointOnSurface: LngLat
}

/** Identifies a list of areas; equal to the database's `private.area_revision`. */
export function areasRevision(list: readonly Pick<Area, 'idx' | 'revision'>[]): string {
  const sum = (key: 'idx' | 'revision'): number =>
    list.reduce((total, area) => total + area[key], 0)
  return [list.length, sum('idx'), sum('revision')].join('.')
}

/** True when `area` is `ancestor` or lies below it. */
export const isWithin = (area: Pick<Area, 'path'>, ancestor: Pick<Area, 'path'>): boolean =>
  area.path.startsWith(ancestor.path)
