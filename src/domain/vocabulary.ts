/** From the top down. A city may lack levels. */
export const areaLevels = ['city', 'district', 'subdistrict', 'community', 'grid'] as const
export type AreaLevel = (typeof areaLevels)[number]

/** The packed columns store the index: append only. */
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

export const finalStages: readonly Stage[] = ['closed', 'rejected', 'merged']

export const isOpenStage = (stage: Stage): boolean => !finalStages.includes(stage)

export const categoryClasses = ['event', 'component', 'service', 'dispute', 'proposal'] as const
export type CategoryClass = (typeof categoryClasses)[number]

export const roles = ['field_staff', 'handler', 'grid_manager', 'leader', 'admin'] as const
export type Role = (typeof roles)[number]

/** Bits in the packed columns. */
export const incidentFlags = { onHold: 1 } as const

/** `YYYY-MM-DD` in the city's time zone. */
export type LocalDay = string
/** `YYYY-MM` in the city's time zone. */
export type LocalMonth = string
/** Degrees, WGS 84. */
export type BoundingBox = readonly [west: number, south: number, east: number, north: number]
/** Degrees, WGS 84. */
export type LngLat = readonly [lng: number, lat: number]
