import type { AreaLevel, BoundingBox, LngLat } from '../vocabulary.ts'

export interface Area {
  /** Index in the packed columns; never reused. */
  idx: number
  code: string
  parentCode: string | null
  /** Each code ends with `/`. Scope is a prefix of the path, never of the code. */
  path: string
  level: AreaLevel
  name: string
  households: number | null
  bbox: BoundingBox
  /** Grows even when only the polygon changes. */
  revision: number
  pointOnSurface: LngLat
}

/** Equal to the database's `private.area_revision`. */
export function areasRevision(list: readonly Pick<Area, 'idx' | 'revision'>[]): string {
  const sum = (key: 'idx' | 'revision'): number =>
    list.reduce((total, area) => total + area[key], 0)
  return [list.length, sum('idx'), sum('revision')].join('.')
}

/** True also for `ancestor` itself. */
export const isWithin = (area: Pick<Area, 'path'>, ancestor: Pick<Area, 'path'>): boolean =>
  area.path.startsWith(ancestor.path)
