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
/** A crossing further away says little. */
const crossMeters = 250
/** Tiles round to less than this, so that streets may end short of each other. */
const slackMeters = 8
const metersOfDegree = 111_320

/** Names alone, for readers of any language. */
export const crossing = ({ street, cross }: NearStreets): string =>
  cross === null ? street : `${street} / ${cross}`

interface Segment {
  name: string
  /** Ends, in metres east and north of the place. */
  x0: number
  y0: number
  x1: number
  y1: number
  /** From the place. */
  meters: number
}

/** The street at a place and the nearest one that crosses it, as people say where something is. */
export function nearStreets(lines: readonly StreetLine[], place: LngLat): NearStreets | null {
  const segments = lines.flatMap((line) => segmentsNear(line, place))
  const own = segments.reduce<Segment | null>(
    (best, one) => (best === null || one.meters < best.meters ? one : best),
    null,
  )
  if (!own || own.meters > streetMeters) return null
  const street = segments.filter(({ name }) => name === own.name)
  let cross: string | null = null
  let nearest = crossMeters
  for (const other of segments) {
    if (other.name === own.name || other.meters >= nearest) continue
    for (const one of street) {
      const meters = crossingMeters(one, other)
      if (meters >= nearest) continue
      nearest = meters
      cross = other.name
    }
  }
  return { street: own.name, cross }
}

/** On the plane that touches the earth at the place: exact enough for a few hundred metres. */
function segmentsNear({ name, points }: StreetLine, [lng, lat]: LngLat): Segment[] {
  const east = metersOfDegree * Math.cos((lat * Math.PI) / 180)
  const found: Segment[] = []
  let x0 = 0
  let y0 = 0
  for (let i = 0; i < points.length; i++) {
    const [x, y] = points[i]!
    const x1 = (x - lng) * east
    const y1 = (y - lat) * metersOfDegree
    if (i > 0) {
      const meters = metersFromOrigin(x0, y0, x1, y1)
      if (meters <= crossMeters) found.push({ name, x0, y0, x1, y1, meters })
    }
    x0 = x1
    y0 = y1
  }
  return found
}

function metersFromOrigin(x0: number, y0: number, x1: number, y1: number): number {
  const dx = x1 - x0
  const dy = y1 - y0
  const length = dx * dx + dy * dy
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, -(x0 * dx + y0 * dy) / length))
  return Math.hypot(x0 + share * dx, y0 + share * dy)
}

/** From the place to where two segments meet; infinite where they do not. */
function crossingMeters(a: Segment, b: Segment): number {
  const [ax, ay] = [a.x1 - a.x0, a.y1 - a.y0]
  const [bx, by] = [b.x1 - b.x0, b.y1 - b.y0]
  const turn = ax * by - ay * bx
  const [lengthA, lengthB] = [Math.hypot(ax, ay), Math.hypot(bx, by)]
  // Nearly parallel pieces are two sides of one road.
  if (Math.abs(turn) < 0.2 * lengthA * lengthB) return Number.POSITIVE_INFINITY
  const [dx, dy] = [b.x0 - a.x0, b.y0 - a.y0]
  const atA = (dx * by - dy * bx) / turn
  const atB = (dx * ay - dy * ax) / turn
  const isOn = (share: number, length: number): boolean =>
    share >= -slackMeters / length && share <= 1 + slackMeters / length
  if (!isOn(atA, lengthA) || !isOn(atB, lengthB)) return Number.POSITIVE_INFINITY
  return Math.hypot(a.x0 + atA * ax, a.y0 + atA * ay)
}
