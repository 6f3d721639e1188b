import type { LngLat } from '../vocabulary.ts'

/** A street, or a piece of it. */
export interface StreetLine {
  name: string
  points: readonly LngLat[]
}

export interface NearStreets {
  street: string
  /** The nearest other street; null without one close by. */
  cross: string | null
}

/** A place further from every street is not named by one. */
const streetMeters = 80
const crossMeters = 200
const metersOfDegree = 111_320

/** The street at a place and the next one, as people say where something is. */
export function nearStreets(lines: readonly StreetLine[], place: LngLat): NearStreets | null {
  const nearest = new Map<string, number>()
  for (const { name, points } of lines) {
    const meters = metersTo(points, place)
    if (meters < (nearest.get(name) ?? Number.POSITIVE_INFINITY)) nearest.set(name, meters)
  }
  const [first, second] = [...nearest].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))
  if (!first || first[1] > streetMeters) return null
  return { street: first[0], cross: second && second[1] <= crossMeters ? second[0] : null }
}

/** On the plane that touches the earth at the place: exact enough for a few hundred metres. */
function metersTo(points: readonly LngLat[], [lng, lat]: LngLat): number {
  const east = metersOfDegree * Math.cos((lat * Math.PI) / 180)
  let least = Number.POSITIVE_INFINITY
  const flat = points.map(([x, y]) => [(x - lng) * east, (y - lat) * metersOfDegree] as const)
  for (let i = 0; i < flat.length; i++) {
    const [x0, y0] = flat[i]!
    const [x1, y1] = flat[i + 1] ?? flat[i]!
    const [dx, dy] = [x1 - x0, y1 - y0]
    const length = dx * dx + dy * dy
    const share = length === 0 ? 0 : Math.min(1, Math.max(0, -(x0 * dx + y0 * dy) / length))
    least = Math.min(least, Math.hypot(x0 + share * dx, y0 + share * dy))
  }
  return least
}
