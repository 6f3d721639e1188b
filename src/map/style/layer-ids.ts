import type { AreaLevel } from '@/domain/vocabulary.ts'

/** The only place that names the engine's sources and layers. */
export const sourceIds = {
  basemap: 'basemap',
  points: 'points',
  location: 'location',
  cells: 'cells',
  places: 'places',
  areas: (level: AreaLevel) => `areas-${level}`,
} as const

export const layerIds = {
  heat: 'heat',
  cells: 'cells-fill',
  placeHull: 'places-hull',
  placeLine: 'places-line',
  placeCircle: 'places-circle',
  placeCount: 'places-count',
  areaFill: (level: AreaLevel) => `areas-${level}-fill`,
  areaHatch: (level: AreaLevel) => `areas-${level}-hatch`,
  areaLine: (level: AreaLevel) => `areas-${level}-line`,
  areaCasing: (level: AreaLevel) => `areas-${level}-casing`,
  areaAccent: (level: AreaLevel) => `areas-${level}-accent`,
  pointHalo: 'points-halo',
  pointCircle: 'points-circle',
  pointMark: 'points-mark',
  locationAccuracy: 'location-accuracy',
  locationDot: 'location-dot',
  /** Empty layers that mark heights, so that order does not depend on timing. */
  ground: 'background',
  aboveFills: 'slot-above-fills',
  belowOutlines: 'slot-below-outlines',
  belowLabels: 'slot-below-labels',
  aboveLabels: 'slot-above-labels',
} as const
