/** Rings of degrees, `lng, lat, lng, lat …`. */
type Rings = readonly (readonly number[])[]

export interface OutlinePaths {
  width: number
  height: number
  /** SVG path data; empty where there is no ring. */
  paths: string[]
  /** A place on the picture, in its units. */
  place(lngLat: readonly [lng: number, lat: number]): [x: number, y: number]
}

/**
 * Draws outlines on one flat picture: degrees of longitude are shortened by the cosine of the middle
 * latitude, which is exact enough for a city.
 * @param width of the picture, in its own units
 */
export function outlinePaths(outlines: readonly (Rings | null)[], width = 1000): OutlinePaths {
  const rings = outlines.flatMap((one) => one ?? [])
  const ends = { west: Infinity, east: -Infinity, south: Infinity, north: -Infinity }
  for (const ring of rings)
    for (let at = 0; at < ring.length; at += 2) {
      ends.west = Math.min(ends.west, ring[at]!)
      ends.east = Math.max(ends.east, ring[at]!)
      ends.south = Math.min(ends.south, ring[at + 1]!)
      ends.north = Math.max(ends.north, ring[at + 1]!)
    }
  if (!(ends.east > ends.west)) {
    return { width, height: 1, paths: outlines.map(() => ''), place: () => [width / 2, 0.5] }
  }
  const shrink = Math.cos((((ends.north + ends.south) / 2) * Math.PI) / 180)
  const scale = width / ((ends.east - ends.west) * shrink)
  const place: OutlinePaths['place'] = ([lng, lat]) => [
    (lng - ends.west) * shrink * scale,
    (ends.north - lat) * scale,
  ]
  const point = (ring: readonly number[], at: number): string => {
    const [x, y] = place([ring[at]!, ring[at + 1]!])
    return `${x.toFixed(1)} ${y.toFixed(1)}`
  }
  const pathOf = (ring: readonly number[]): string => {
    const points = Array.from({ length: ring.length / 2 }, (_, n) => point(ring, 2 * n))
    return `M${points.join('L')}Z`
  }
  return {
    width,
    height: (ends.north - ends.south) * scale,
    paths: outlines.map((one) => (one ?? []).map(pathOf).join('')),
    place,
  }
}
