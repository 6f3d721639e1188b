import type { CoordinateSystem } from './coordinate-system.ts'

/** Applies a change to each position of nested coordinates. */
function mapPositions(value: unknown, change: (position: readonly number[]) => unknown): unknown {
  if (!Array.isArray(value)) return value
  const isPosition = typeof value[0] === 'number'
  return isPosition ? change(value as number[]) : value.map((part) => mapPositions(part, change))
}

/**
 * The geometry in degrees of WGS 84, without heights. A position that the system cannot have stays
 * as it is: the checks name it.
 */
export function planeGeometry(
  geometry: unknown,
  system: CoordinateSystem,
): { geometry: unknown; hadHeights: boolean } {
  if (typeof geometry !== 'object' || geometry === null) return { geometry, hadHeights: false }
  let hadHeights = false
  const coordinates = mapPositions(
    (geometry as { coordinates?: unknown }).coordinates,
    (position) => {
      const [x, y] = position
      if (position.length > 2) hadHeights = true
      if (typeof x !== 'number' || typeof y !== 'number') return position
      return system.toWgs84(x, y) ?? [x, y]
    },
  )
  return { geometry: { type: (geometry as { type?: unknown }).type, coordinates }, hadHeights }
}
