import { Temporal } from 'temporal-polyfill'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Days or hours of one zone remembered. */
const spansKept = 20_000

export interface Instants {
  /** ISO 8601 in UTC. A time skipped in spring becomes an hour later. */
  at: string
  /** The second one of a time that comes twice in autumn, else null. */
  later: string | null
}

type Disambiguation = 'compatible' | 'later'

/** @throws RangeError beyond what dates can hold. */
function exactInstant(local: number, zone: string, disambiguation: Disambiguation): number {
  const plain = Temporal.Instant.fromEpochMilliseconds(local)
    .toZonedDateTimeISO('UTC')
    .toPlainDateTime()
  return plain.toZonedDateTime(zone, { disambiguation }).epochMilliseconds
}

/** Offset of a whole span of the wall clock; null where a clock changes in it. */
function offsetOfSpan(span: number, length: number, zone: string): number | null {
  const [first, last] = [span * length, (span + 1) * length - 1]
  const offsets = [first, last].flatMap((local) =>
    (['compatible', 'later'] as const).map((way) => local - exactInstant(local, zone, way)),
  )
  return offsets.every((offset) => offset === offsets[0]) ? (offsets[0] ?? null) : null
}

/** Offsets of one zone by days or hours, in milliseconds. */
class Offsets {
  readonly #length: number
  readonly #zone: string
  readonly #kept = new Map<number, number | null>()

  constructor(length: number, zone: string) {
    this.#length = length
    this.#zone = zone
  }

  at(local: number): number | null {
    const span = Math.floor(local / this.#length)
    let offset = this.#kept.get(span)
    if (offset === undefined) {
      if (this.#kept.size >= spansKept) this.#kept.clear()
      this.#kept.set(span, (offset = offsetOfSpan(span, this.#length, this.#zone)))
    }
    return offset
  }
}

const zones = new Map<string, { days: Offsets; hours: Offsets }>()

function offsetAt(local: number, zone: string): number | null {
  let known = zones.get(zone)
  if (!known)
    zones.set(zone, (known = { days: new Offsets(dayMs, zone), hours: new Offsets(hourMs, zone) }))
  return known.days.at(local) ?? known.hours.at(local)
}

/**
 * The instants of a wall time. Calendars of zones are slow to ask: the offset of each day is kept, on a day on
 * which clocks change that of each hour.
 * @param local the wall time as if it were UTC, milliseconds.
 * @returns null beyond what dates can hold.
 */
export function instantsOf(local: number, zone: string): Instants | null {
  try {
    const offset = offsetAt(local, zone)
    if (offset !== null) return { at: new Date(local - offset).toISOString(), later: null }
    const at = exactInstant(local, zone, 'compatible')
    const other = exactInstant(local, zone, 'later')
    return {
      at: new Date(at).toISOString(),
      later: other === at ? null : new Date(other).toISOString(),
    }
  } catch {
    return null
  }
}
