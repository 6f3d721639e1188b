import type { AreaLevel, BoundingBox, LngLat } from '../vocabulary.ts'

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
  /** Grows whenever anything of it changes, its polygon too. */
  revision: number
  /** A point that lies inside the area. */
  pointOnSurface: LngLat
}

/** Tells lists of areas apart; the database says the same of its own (`private.area_revision`). */
export function areasRevision(list: readonly Pick<Area, 'idx' | 'revision'>[]): string {
  const sum = (key: 'idx' | 'revision'): number =>
    list.reduce((total, area) => total + area[key], 0)
  return [list.length, sum('idx'), sum('revision')].join('.')
}

/** True when `area` is `ancestor` or lies below it. */
export const isWithin = (area: Pick<Area, 'path'>, ancestor: Pick<Area, 'path'>): boolean =>
  area.path.startsWith(ancestor.path)
