import type { AreaLevel } from '@/domain/vocabulary.ts'

/** Every source and layer the engine adds to the basemap: the only place where they are named. */
export const sourceIds = {
  basemap: 'basemap',
  points: 'points',
  location: 'location',
  areas: (level: AreaLevel) => `areas-${level}`,
} as const

export const layerIds = {
  heat: 'heat',
  areaFill: (level: AreaLevel) => `areas-${level}-fill`,
  areaLine: (level: AreaLevel) => `areas-${level}-line`,
  areaCasing: (level: AreaLevel) => `areas-${level}-casing`,
  areaAccent: (level: AreaLevel) => `areas-${level}-accent`,
  pointHalo: 'points-halo',
  pointCircle: 'points-circle',
  pointMark: 'points-mark',
  locationAccuracy: 'location-accuracy',
  locationDot: 'location-dot',
  /** Empty layers that mark heights in the stack, so that order does not depend on time. */
  ground: 'background',
  aboveFills: 'slot-above-fills',
  belowOutlines: 'slot-below-outlines',
  belowLabels: 'slot-below-labels',
  aboveLabels: 'slot-above-labels',
} as const
