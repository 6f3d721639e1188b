/** The words of the product: one each, the same in SQL, TypeScript, routes and tests. */

/** Levels of the area hierarchy, from the top down. A city may leave levels out. */
export const areaLevels = ['city', 'district', 'subdistrict', 'community', 'grid'] as const
export type AreaLevel = (typeof areaLevels)[number]

/** Stages of an incident. The order is the index carried in the packed columns: append only. */
export const stages = [
  'reported',
  'filed',
  'dispatched',
  'handled',
  'closed',
  'rejected',
  'merged',
] as const
export type Stage = (typeof stages)[number]

/** Stages in which nothing more is expected to happen. */
export const finalStages: readonly Stage[] = ['closed', 'rejected', 'merged']

/** True while an incident still wants somebody's work. */
export const isOpenStage = (stage: Stage): boolean => !finalStages.includes(stage)

export const categoryClasses = ['event', 'component', 'service', 'dispute', 'proposal'] as const
export type CategoryClass = (typeof categoryClasses)[number]

export const roles = ['field_staff', 'handler', 'grid_manager', 'leader', 'admin'] as const
export type Role = (typeof roles)[number]

/** Bits of the flag nibble in the packed columns. */
export const incidentFlags = { onHold: 1 } as const

/** A calendar day in the city's time zone, `YYYY-MM-DD`. */
export type LocalDay = string
/** A calendar month in the city's time zone, `YYYY-MM`. */
export type LocalMonth = string
/** West, south, east, north in degrees, WGS 84. */
export type BoundingBox = readonly [west: number, south: number, east: number, north: number]
/** Longitude, latitude in degrees, WGS 84. */
export type LngLat = readonly [lng: number, lat: number]
