import type { CoordinateSystem, LngLat } from './place/coordinate-system.ts'
import { readCoordinate } from './place/degree-text.ts'

export interface PlaceRules {
  system: CoordinateSystem
  decimalComma: boolean
  /** Whether the mapping says that the columns hold each other's values. */
  isSwapped: boolean
}

export type PlaceFault = { axis: 'lon' | 'lat'; reason: 'no_coordinates' | 'bad_coordinates' }
export type ReadPlace = { at: LngLat; faults: null } | { at: null; faults: PlaceFault[] }

/** The place of two cells, in degrees of WGS 84. */
export function readPlace(lonText: string, latText: string, rules: PlaceRules): ReadPlace {
  const { system, decimalComma, isSwapped } = rules
  const [first, second] = isSwapped ? [latText, lonText] : [lonText, latText]
  const x = readCoordinate(first, 'lon', decimalComma)
  const y = readCoordinate(second, 'lat', decimalComma)
  // systems write 0, 0 for an unknown place
  if (lonText === '' || latText === '' || (x === 0 && y === 0))
    return {
      at: null,
      faults: [{ axis: lonText === '' ? 'lon' : 'lat', reason: 'no_coordinates' }],
    }
  const isBad = (value: number | null, limit: number): boolean =>
    value === null || (system.isDegrees && Math.abs(value) > limit)
  const faults: PlaceFault[] = []
  if (isBad(x, 180)) faults.push({ axis: 'lon', reason: 'bad_coordinates' })
  if (isBad(y, 90)) faults.push({ axis: 'lat', reason: 'bad_coordinates' })
  if (faults.length > 0 || x === null || y === null) return { at: null, faults }
  const at = system.toWgs84(x, y)
  return at
    ? { at, faults: null }
    : { at: null, faults: [{ axis: 'lon', reason: 'bad_coordinates' }] }
}
