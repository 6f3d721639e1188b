import type { HotspotValue } from '../../domain/answers/hotspots.ts'
import type { LevelShapes } from './area-shapes.ts'

/** Households where all areas have some, else square kilometres, else 1 each. */
export function sizeOf({ households, squareKm }: LevelShapes): {
  value: HotspotValue
  size: Float64Array
} {
  if (households.every((count) => count > 0)) return { value: 'per_household', size: households }
  if (squareKm.every((size) => size > 0)) return { value: 'per_square_km', size: squareKm }
  return { value: 'count', size: new Float64Array(households.length).fill(1) }
}
