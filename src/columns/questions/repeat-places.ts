import { stepDays } from '../../domain/answers/hotspots.ts'
import { repeatDays } from '../../domain/answers/patterns.ts'
import {
  maxDensityIncidents,
  maxRepeatPlaces,
  repeatSteps,
  type RepeatedPlace,
  type RepeatPlaces,
  type RepeatPlacesOptions,
} from '../../domain/answers/repeat-places.ts'
import { addDays, dayFromNumber, dayNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import { isOpenStage, stages } from '../../domain/vocabulary.ts'
import { convexHull } from '../../stats/convex-hull.ts'
import { dbscanInParts } from '../../stats/dbscan.ts'
import { hdbscan } from '../../stats/hdbscan.ts'
import { finish, type InParts } from '../../stats/in-parts.ts'
import { areaSlots } from '../count/area-slots.ts'
import { FilteredRows, forEachPassing } from '../count/filtered-rows.ts'
import { cellMetres, lngLatOf } from '../count/places.ts'
import { everywhere } from './hotspots.ts'
import type { Question, QuestionInParts, QuestionWorld } from './question.ts'

const categories = 256
const isOpenAt = stages.map(isOpenStage)

/**
 * Spots that the same kind of trouble keeps coming back to: clusters of the incidents of each
 * category, over the last 365 days of the filter's period. Reports of one day are one event, so a
 * place counts from so many days on. Unlike a hotspot, a place is a rule and not a test.
 */
export const repeatPlaces: Question<RepeatPlacesOptions, RepeatPlaces> = (rows, world, options) =>
  finish(repeatPlacesInParts(rows, world, options))

/** Reads the rows before the first pause: months may be replaced meanwhile. */
export const repeatPlacesInParts: QuestionInParts<RepeatPlacesOptions, RepeatPlaces> = function* (
  rows,
  world,
  options,
) {
  const { filter, set } = rows
  const recent = addDays(options.lastDay, 1 - repeatDays)
  const from = filter.period && filter.period.from > recent ? filter.period.from : recent
  const lately = { ...filter, period: { from, to: options.lastDay } }
  const here = new FilteredRows(set, lately, world)
  const answer: RepeatPlaces = {
    ...{ options, from, obstacle: null },
    ...{ incidents: here.count, repeated: 0, list: [], total: 0 },
  }
  if (answer.incidents === 0) return { ...answer, obstacle: 'no_incidents' }
  if (options.method === 'density' && answer.incidents > maxDensityIncidents)
    return { ...answer, obstacle: 'many' }
  const cases = casesOf(here, world, options)
  const rates = ratesPerKm2(everywhere(here, world), world, options)
  const places: Members[] = []
  for (let category = 0; category < categories; category++) {
    const [start, end] = [cases.starts[category]!, cases.starts[category + 1]!]
    if (end - start < options.times) continue
    yield
    for (const members of yield* clustersOf(cases, start, end, options)) places.push(members)
  }
  places.sort((a, b) => b.length - a.length || a[0]! - b[0]!)
  const list: RepeatedPlace[] = []
  for (const members of places.slice(0, maxRepeatPlaces)) {
    yield
    list.push(described(members, cases, world, options, rates))
  }
  const repeated = places.reduce((sum, { length }) => sum + length, 0)
  return { ...answer, repeated, list, total: places.length }
}

/** By category; those of category c are at `starts[c] … starts[c + 1]`. */
interface Cases {
  starts: Uint32Array
  /** Metres. */
  x: Float64Array
  y: Float64Array
  category: Uint8Array
  /** Slot of its area, −1 in none. */
  slot: Int32Array
  day: Int32Array
  open: Uint8Array
  /** `Area.idx` by slot. */
  areas: Uint32Array
}
/** Places in `Cases`. */
type Members = number[]

function casesOf(rows: FilteredRows, world: QuestionWorld, { level }: RepeatPlacesOptions): Cases {
  const { areas } = world.shapes.of(level)
  const slots = areaSlots(world.areas, areas)
  const [east, north] = cellMetres(world.cityBbox)
  const starts = new Uint32Array(categories + 1)
  forEachPassing(
    rows,
    ({ category }) =>
      (row) =>
        void starts[category[row]! + 1]!++,
  )
  for (let category = 0; category < categories; category++)
    starts[category + 1]! += starts[category]!
  const n = rows.count
  const cases: Cases = {
    ...{ starts, areas },
    ...{ x: new Float64Array(n), y: new Float64Array(n) },
    ...{ category: new Uint8Array(n), slot: new Int32Array(n) },
    ...{ day: new Int32Array(n), open: new Uint8Array(n) },
  }
  const next = starts.slice()
  forEachPassing(rows, ({ monthNumber, minute, area, category, stage, x, y }) => {
    const monthDay = firstDayNumber(monthNumber)
    return (row) => {
      const at = next[category[row]!]!++
      cases.x[at] = x[row]! * east
      cases.y[at] = y[row]! * north
      cases.category[at] = category[row]!
      cases.slot[at] = slots[area[row]!]!
      cases.day[at] = monthDay + Math.floor(minute[row]! / 1440)
      cases.open[at] = isOpenAt[stage[row]! & 15] ? 1 : 0
    }
  })
  return cases
}

function* clustersOf(
  { x, y, day }: Cases,
  start: number,
  end: number,
  { method, radiusMetres, times }: RepeatPlacesOptions,
): InParts<Members[]> {
  const [ownX, ownY] = [x.subarray(start, end), y.subarray(start, end)]
  const { labels, count } =
    method === 'radius'
      ? yield* dbscanInParts(ownX, ownY, radiusMetres, times)
      : hdbscan(ownX, ownY, { minSize: times })
  const clusters: Members[] = Array.from({ length: count }, () => [])
  labels.forEach((label, i) => label >= 0 && clusters[label]!.push(start + i))
  return clusters.filter((members) => new Set(members.map((at) => day[at])).size >= times)
}

/** By category; 0 where sizes are not known. */
function ratesPerKm2(
  rows: FilteredRows,
  world: QuestionWorld,
  { level }: RepeatPlacesOptions,
): Float64Array {
  const squareKm = world.shapes.of(level).squareKm.reduce((sum, size) => sum + size, 0)
  const counts = new Float64Array(categories)
  forEachPassing(
    rows,
    ({ category }) =>
      (row) =>
        void counts[category[row]!]!++,
  )
  return counts.map((count) => (squareKm > 0 ? count / squareKm : 0))
}

function described(
  members: Members,
  cases: Cases,
  world: QuestionWorld,
  { radiusMetres, lastDay, method }: RepeatPlacesOptions,
  rates: Float64Array,
): RepeatedPlace {
  const x = Float64Array.from(members, (at) => cases.x[at]!)
  const y = Float64Array.from(members, (at) => cases.y[at]!)
  const middle = [mean(x), mean(y)] as const
  const radius = x.reduce(
    (most, own, i) => Math.max(most, Math.hypot(own - middle[0], y[i]! - middle[1])),
    0,
  )
  const days = Int32Array.from(members, (at) => cases.day[at]!).sort()
  const steps = new Array<number>(repeatSteps).fill(0)
  for (const day of days) {
    // 365 days are 13 steps and one day: that one counts in the oldest.
    steps[Math.max(0, repeatSteps - 1 - Math.floor((dayNumber(lastDay) - day) / stepDays))]!++
  }
  const category = cases.category[members[0]!]!
  const looked = method === 'radius' ? Math.max(radius, radiusMetres) : Math.max(radius, 1)
  const [east, north] = cellMetres(world.cityBbox)
  const lngLat = (mx: number, my: number) => lngLatOf(mx / east, my / north, world.cityBbox)
  const slot = mostFrequent(Float64Array.from(members, (at) => cases.slot[at]!)).value
  return {
    category,
    area: slot < 0 ? null : cases.areas[slot]!,
    lngLat: lngLat(...middle),
    radiusMetres: radius,
    hull: convexHull(x, y).map((i) => lngLat(x[i]!, y[i]!)),
    count: members.length,
    open: members.reduce((sum, at) => sum + cases.open[at]!, 0),
    days: new Set(days).size,
    firstDay: dayFromNumber(days[0]!),
    lastDay: dayFromNumber(days.at(-1)!),
    onOnePoint: mostFrequent(x.map((own, i) => own * 1e6 + y[i]!)).times,
    expected: rates[category]! * Math.PI * (looked / 1000) ** 2,
    steps,
  }
}

const mean = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** The first of the most frequent ones. */
function mostFrequent(values: Float64Array): { value: number; times: number } {
  const sorted = values.slice().sort()
  const timesOf = new Map<number, number>()
  let most = 0
  for (let from = 0, at = 1; at <= sorted.length; at++) {
    if (sorted[at] === sorted[from]) continue
    const times = at - from
    if (times === most) timesOf.set(sorted[from]!, times)
    else if (times > most) {
      most = times
      timesOf.clear()
      timesOf.set(sorted[from]!, times)
    }
    from = at
  }
  return { value: values.find((value) => timesOf.has(value))!, times: most }
}
