/** Areas as flat rings, outer ones and holes alike: a point inside an odd number of rings is inside. */
export interface Polygons {
  /** x, y, x, y, …, in metres, or longitude and latitude in degrees. */
  coordinates: Float64Array
  unit: 'metres' | 'degrees'
  /** First point of each ring, and the number of points as a last entry. */
  rings: Uint32Array
  /** First ring of each area, and the number of rings as a last entry. */
  areas: Uint32Array
}

/**
 * @param areas for each area its rings, of all its parts, for each ring its points; the last may
 *   repeat the first
 * @throws RangeError at a coordinate that is not finite, or a latitude beyond a pole
 */
export function polygonsFrom(
  areas: readonly (readonly (readonly (readonly number[])[])[])[],
  unit: Polygons['unit'],
): Polygons {
  const rings = areas.flat()
  const coordinates = new Float64Array(2 * rings.reduce((sum, ring) => sum + ring.length, 0))
  const polygons: Polygons = {
    coordinates,
    unit,
    rings: new Uint32Array(rings.length + 1),
    areas: new Uint32Array(areas.length + 1),
  }
  let point = 0
  let ring = 0
  for (const [area, ringsOfArea] of areas.entries()) {
    for (const points of ringsOfArea) {
      for (const [x, y] of points) {
        if (!isPlace(x, y, unit)) throw new RangeError(`area ${area} has a point at ${x}, ${y}`)
        // −0 becomes 0: equal places must have equal bits
        coordinates[2 * point] = x! + 0
        coordinates[2 * point++ + 1] = y! + 0
      }
      polygons.rings[++ring] = point
    }
    polygons.areas[area + 1] = ring
  }
  return polygons
}

function isPlace(x: number | undefined, y: number | undefined, unit: Polygons['unit']): boolean {
  return Number.isFinite(x) && Number.isFinite(y) && (unit === 'metres' || Math.abs(y!) <= 90)
}

/** Mean radius of the earth. */
const earthMetres = 6_371_008.8

/**
 * Coordinates in metres. Degrees become metres on a plane that touches at the middle latitude: right
 * to some per mille over a city, enough for a tolerance.
 */
export function toMetres({ coordinates, unit }: Polygons): Float64Array {
  if (unit === 'metres') return coordinates
  let min = 90
  let max = -90
  for (let i = 1; i < coordinates.length; i += 2) {
    min = Math.min(min, coordinates[i]!)
    max = Math.max(max, coordinates[i]!)
  }
  const metresNorth = (earthMetres * Math.PI) / 180
  const metresEast = metresNorth * Math.cos((((min + max) / 2) * Math.PI) / 180)
  return coordinates.map((value, i) => value * (i % 2 === 0 ? metresEast : metresNorth))
}
