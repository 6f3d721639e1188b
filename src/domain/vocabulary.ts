/** From the top down. A city may lack levels. */
export const areaLevels = ['city', 'district', 'subdistrict', 'community', 'grid'] as const
export type AreaLevel = (typeof areaLevels)[number]

/** The order is the index in the packed columns: append only. */
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

/** Nothing more is expected to happen. */
export const finalStages: readonly Stage[] = ['closed', 'rejected', 'merged']

/** True while somebody's work is needed. */
export const isOpenStage = (stage: Stage): boolean => !finalStages.includes(stage)

export const categoryClasses = ['event', 'component', 'service', 'dispute', 'proposal'] as const
export type CategoryClass = (typeof categoryClasses)[number]

export const roles = ['field_staff', 'handler', 'grid_manager', 'leader', 'admin'] as const
export type Role = (typeof roles)[number]

/** Bits of the flag nibble in the packed columns. */
export const incidentFlags = { onHold: 1 } as const

/** `YYYY-MM-DD` in the city's time zone. */
export type LocalDay = string
/** `YYYY-MM` in the city's time zone. */
export type LocalMonth = string
/** West, south, east, north in degrees, WGS 84. */
export type BoundingBox = readonly [west: number, south: number, east: number, north: number]
/** Longitude, latitude in degrees, WGS 84. */
export type LngLat = readonly [lng: number, lat: number]
