import {
  maxOutbreakDays,
  maxOutbreakIncidents,
  maxOutbreakP,
  minOutbreakIncidents,
  outbreakDays,
  outbreakMetres,
  repeatDelayDays,
  repeatMetres,
  type OutbreakOptions,
  type Outbreaks,
} from '../../domain/answers/outbreaks.ts'
import { addDays, dayFromNumber, dayNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import { eachRange, finish, within, type InParts } from '../../stats/in-parts.ts'
import { knoxInParts } from '../../stats/knox.ts'
import { seededRandom } from '../../stats/random.ts'
import { spaceTimeScanInParts } from '../../stats/scan.ts'
import { areaSlots } from '../count/area-slots.ts'
import { FilteredRows, forEachPassing } from '../count/filtered-rows.ts'
import { cellMetres } from '../count/places.ts'
import type { Question, QuestionInParts, QuestionWorld } from './question.ts'

/**
 * Where and when incidents came together of late: the space-time permutation scan over areas, and
 * the Knox test of near repeats over incidents. Both compare with the same incidents at shuffled
 * times, so they need no households, and where many live is no outbreak. Always the same seed.
 */
export const outbreaks: Question<OutbreakOptions, Outbreaks> = (rows, world, options) =>
  finish(outbreaksInParts(rows, world, options))

/** Reads the rows before the first pause. */
export const outbreaksInParts: QuestionInParts<OutbreakOptions, Outbreaks> = function* (
  rows,
  world,
  options,
) {
  const to = options.lastDay
  const recent = addDays(to, 1 - outbreakDays)
  const { period } = rows.filter
  const from = period && period.from > recent ? period.from : recent
  const lately = new FilteredRows(rows.set, { ...rows.filter, period: { from, to } }, world)
  const answer: Outbreaks = {
    options,
    obstacle: null,
    incidents: lately.count,
    list: [],
    bestP: null,
    scanShuffles: 0,
    samePlace: null,
    nearby: null,
    repeatShuffles: 0,
  }
  const { incidents } = answer
  if (incidents === 0) return { ...answer, obstacle: 'no_incidents' }
  if (incidents < minOutbreakIncidents) return { ...answer, obstacle: 'few_incidents' }
  if (incidents > maxOutbreakIncidents) return { ...answer, obstacle: 'many' }
  const cases = casesOf(lately, world, options, dayNumber(from))
  const steps = dayNumber(to) - dayNumber(from) + 1
  const isOne = cases.places.every((place) => place === cases.places[0])
  if (cases.places.length === 0 || isOne) return { ...answer, obstacle: 'one_place' }
  const scan = yield* within(scanned(cases, steps, dayNumber(from)), 0, 0.7)
  const repeats = yield* within(repeated(cases), 0.7, 1)
  return { ...answer, ...scan, ...repeats }
}

interface Cases {
  /** Metres, by place and by incident. */
  placeX: Float64Array
  placeY: Float64Array
  x: Float64Array
  y: Float64Array
  /** By incident in an area: its place, and days since the first. */
  places: number[]
  placeDays: number[]
  /** By incident. */
  days: Float64Array
  /** `Area.idx` by place. */
  areas: number[]
}

/** The place of an area is the mean of its incidents: only those matter. */
function casesOf(
  rows: FilteredRows,
  world: QuestionWorld,
  { level }: OutbreakOptions,
  firstDay: number,
): Cases {
  const { areas } = world.shapes.of(level)
  const slots = areaSlots(world.areas, areas)
  const [east, north] = cellMetres(world.cityBbox)
  const n = rows.count
  const found = {
    x: new Float64Array(n),
    y: new Float64Array(n),
    days: new Float64Array(n),
  }
  const slotOf = new Int32Array(n)
  let at = 0
  forEachPassing(rows, ({ monthNumber, minute, area, x, y }) => {
    const monthDay = firstDayNumber(monthNumber) - firstDay
    return (row) => {
      found.x[at] = x[row]! * east
      found.y[at] = y[row]! * north
      found.days[at] = monthDay + Math.floor(minute[row]! / 1440)
      slotOf[at++] = slots[area[row]!]!
    }
  })
  const used = [...new Set(slotOf)].filter((slot) => slot >= 0).sort((a, b) => a - b)
  const placeOf = new Map(used.map((slot, place) => [slot, place]))
  const sums = { x: new Float64Array(used.length), y: new Float64Array(used.length) }
  const counts = new Uint32Array(used.length)
  const places: number[] = []
  const placeDays: number[] = []
  slotOf.forEach((slot, i) => {
    const place = placeOf.get(slot)
    if (place === undefined) return
    sums.x[place]! += found.x[i]!
    sums.y[place]! += found.y[i]!
    counts[place]!++
    places.push(place)
    placeDays.push(found.days[i]!)
  })
  return {
    ...found,
    placeX: sums.x.map((sum, place) => sum / counts[place]!),
    placeY: sums.y.map((sum, place) => sum / counts[place]!),
    places,
    placeDays,
    areas: used.map((slot) => areas[slot]!),
  }
}

/** Additions of all shuffles; more would take over a second. */
const maxWork = 4e8

function* scanned(
  { placeX, placeY, places, placeDays, areas }: Cases,
  steps: number,
  firstDay: number,
): InParts<Pick<Outbreaks, 'list' | 'bestP' | 'scanShuffles'>> {
  const circles = yield* within(circlesOf(placeX, placeY), 0, 0.05)
  const scanShuffles = circles * steps * 999 + places.length * 999 <= maxWork ? 999 : 199
  const random = seededRandom(1)
  const scan = spaceTimeScanInParts(
    { x: placeX, y: placeY, places, times: placeDays, steps },
    {
      maxRadiusMetres: outbreakMetres,
      maxSteps: Math.min(maxOutbreakDays, Math.max(1, Math.floor(steps / 4))),
      permutations: scanShuffles,
      random: random.unit,
    },
  )
  const found = yield* within(scan, 0.05, 1)
  return {
    scanShuffles,
    bestP: found[0]?.p ?? null,
    list: found
      .filter(({ p }) => p <= maxOutbreakP)
      .map((cluster) => ({
        areas: cluster.places.map((place) => areas[place]!),
        radiusMetres: cluster.radiusMetres,
        from: dayFromNumber(firstDay + cluster.firstStep),
        to: dayFromNumber(firstDay + cluster.lastStep),
        observed: cluster.observed,
        expected: cluster.expected,
        p: cluster.p,
      })),
  }
}

/** Looks around so many places a part. */
const placesPerPart = 64

/** Pairs of places within reach, each with itself. */
function* circlesOf(x: Float64Array, y: Float64Array): InParts<number> {
  let found = 0
  const look = (from: number, to: number): void => {
    for (let i = from; i < to; i++)
      for (let j = 0; j < x.length; j++)
        if (Math.hypot(x[j]! - x[i]!, y[j]! - y[i]!) <= outbreakMetres) found++
  }
  yield* eachRange(x.length, look, placesPerPart)
  return found
}

/** More take over a second to shuffle. */
const maxPairs = 1_000_000
const fewCases = 5_000

function* repeated({
  x,
  y,
  days,
}: Cases): InParts<Pick<Outbreaks, 'samePlace' | 'nearby' | 'repeatShuffles'>> {
  const repeatShuffles = days.length <= fewCases ? 999 : 199
  try {
    const found = yield* knoxInParts(x, y, days, {
      distances: [0, repeatMetres],
      delays: [repeatDelayDays],
      permutations: repeatShuffles,
      random: seededRandom(2).unit,
      maxPairs,
    })
    const of = (band: number) => ({
      observed: found.observed[band]!,
      expected: found.expected[band]!,
      ratio: found.ratios[band]!,
      p: found.p[band]!,
    })
    return { samePlace: of(0), nearby: of(1), repeatShuffles }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { samePlace: null, nearby: null, repeatShuffles: 0 }
  }
}
