import { repeatDays } from '../../domain/answers/patterns.ts'
import {
  maxDensityIncidents,
  maxRepeatPlaces,
  type RepeatedPlace,
  type RepeatPlaces,
  type RepeatPlacesOptions,
} from '../../domain/answers/repeat-places.ts'
import { addDays, dayFromNumber } from '../../domain/time/calendar.ts'
import { dbscanInParts, type Clusters } from '../../stats/dbscan.ts'
import { hdbscanInParts } from '../../stats/hdbscan.ts'
import { eachRange, finish, within, type InParts } from '../../stats/in-parts.ts'
import { groupsInParts } from '../../stats/point-grid.ts'
import { areaSlots } from '../count/area-slots.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { cellMetres, lngLatOf } from '../count/places.ts'
import { everywhere } from './hotspots.ts'
import type { Question, QuestionInParts, QuestionWorld } from './question.ts'
import { casesInParts, categoryCounts, type Cases } from './repeat-cases.ts'
import { placeInParts } from './repeat-place.ts'

/**
 * Spots that the same kind of trouble keeps coming back to: clusters of the incidents of each
 * category, over the last 365 days of the filter's period. Reports of one day are one event, so a
 * place counts from so many days on. Unlike a hotspot, a place is a rule and not a test.
 */
export const repeatPlaces: Question<RepeatPlacesOptions, RepeatPlaces> = (rows, world, options) =>
  finish(repeatPlacesInParts(rows, world, options))

/** Finds months, rows and areas before the first pause: they may be replaced meanwhile. */
export const repeatPlacesInParts: QuestionInParts<RepeatPlacesOptions, RepeatPlaces> = function* (
  rows,
  world,
  options,
) {
  const { filter, set } = rows
  const { lastDay } = options
  const recent = addDays(lastDay, 1 - repeatDays)
  const from = filter.period && filter.period.from > recent ? filter.period.from : recent
  const lately = { ...filter, period: { from, to: lastDay } }
  const here = new FilteredRows(set, lately, world)
  const answer: RepeatPlaces = {
    ...{ options, from, obstacle: null },
    ...{ incidents: here.count, repeated: 0, list: [], total: 0 },
  }
  if (answer.incidents === 0) return { ...answer, obstacle: 'no_incidents' }
  if (options.method === 'density' && answer.incidents > maxDensityIncidents)
    return { ...answer, obstacle: 'many' }
  const shapes = world.shapes.of(options.level)
  const ground = {
    ...{ areas: shapes.areas, cityBbox: world.cityBbox, options },
    step: cellMetres(world.cityBbox),
  }
  const all = everywhere(here, world).hold()
  const slots = areaSlots(world.areas, shapes.areas)
  const cases = yield* within(casesInParts(here, slots, ground.step, from, lastDay), 0, 0.1)
  const rates = yield* within(ratesPerKm2(all, shapes.squareKm), 0.1, 0.15)
  const places = new LargestPlaces()
  const n = answer.incidents
  for (let category = 0; category + 1 < cases.starts.length; category++) {
    const [start, end] = [cases.starts[category]!, cases.starts[category + 1]!]
    if (end - start < options.times) continue
    const share = (at: number): number => 0.15 + (0.6 * at) / n
    yield* within(addPlaces(cases, start, end, options, places), share(start), share(end))
  }
  const list: RepeatedPlace[] = []
  const found = places.list()
  const listed = found.reduce((sum, { length }) => sum + length, 0)
  let done = 0
  for (const members of found) {
    const share = (at: number): number => 0.75 + (0.25 * at) / listed
    const parts = described(members, cases, ground, rates)
    list.push(yield* within(parts, share(done), share(done + members.length)))
    done += members.length
  }
  return { ...answer, list, repeated: places.incidents, total: places.total }
}

/** Places in `Cases`, ascending. */
type Members = Uint32Array

/** Keeps the places with most incidents, of equal ones those that come first in `Cases`. */
class LargestPlaces {
  total = 0
  /** In all places. */
  incidents = 0
  #kept: Members[] = []
  /** Fewer incidents are too few. */
  #least = 0

  add(members: Members): void {
    this.total++
    this.incidents += members.length
    if (members.length < this.#least) return
    this.#kept.push(members)
    if (this.#kept.length >= 2 * maxRepeatPlaces) this.list()
  }

  list(): Members[] {
    this.#kept.sort((a, b) => b.length - a.length || a[0]! - b[0]!)
    if (this.#kept.length >= maxRepeatPlaces) {
      this.#kept.length = maxRepeatPlaces
      this.#least = this.#kept.at(-1)!.length
    }
    return this.#kept
  }
}

/** Adds the places of one category. */
function* addPlaces(
  { x, y, day, days }: Cases,
  start: number,
  end: number,
  { method, radiusMetres, times }: RepeatPlacesOptions,
  places: LargestPlaces,
): InParts<void> {
  const [ownX, ownY] = [x.subarray(start, end), y.subarray(start, end)]
  const clusters: InParts<Pick<Clusters, 'labels' | 'count'>> =
    method === 'radius'
      ? dbscanInParts(ownX, ownY, radiusMetres, times)
      : hdbscanInParts(ownX, ownY, { minSize: times })
  const { labels, count } = yield* within(clusters, 0, 0.9)
  const { starts, points } = yield* within(groupsInParts(labels, count), 0.9, 0.95)
  // Points stand by cluster: a day is new where another cluster saw it last.
  const seenBy = new Int32Array(days).fill(-1)
  const daysOf = new Uint32Array(count)
  const look = (from: number, to: number): void => {
    for (let at = from; at < to; at++) {
      const cluster = labels[points[at]!]!
      points[at]! += start
      const own = day[points[at]!]!
      if (seenBy[own] === cluster) continue
      seenBy[own] = cluster
      daysOf[cluster]!++
    }
  }
  yield* within(eachRange(points.length, look), 0.95, 0.98)
  const add = (from: number, to: number): void => {
    for (let cluster = from; cluster < to; cluster++)
      if (daysOf[cluster]! >= times)
        places.add(points.subarray(starts[cluster], starts[cluster + 1]))
  }
  yield* within(eachRange(count, add), 0.98, 1)
}

/** By category; 0 where sizes are not known. */
function* ratesPerKm2(rows: FilteredRows, squareKm: Float64Array): InParts<Float64Array> {
  const whole = squareKm.reduce((sum, size) => sum + size, 0)
  const counts = yield* categoryCounts(rows)
  return counts.map((count) => (whole > 0 ? count / whole : 0))
}

interface Ground extends Pick<QuestionWorld, 'cityBbox'> {
  options: RepeatPlacesOptions
  /** Metres of a quantised step to the east and to the north. */
  step: readonly [number, number]
  /** `Area.idx` by slot. */
  areas: ArrayLike<number>
}

function* described(
  members: Members,
  cases: Cases,
  { areas, cityBbox, options, step }: Ground,
  rates: Float64Array,
): InParts<RepeatedPlace> {
  const found = yield* placeInParts(members, cases, Math.min(...step))
  const { middle, radiusMetres, slot, hull, firstDay, lastDay, ...rest } = found
  const category = cases.category[members[0]!]!
  const looked = Math.max(radiusMetres, options.method === 'radius' ? options.radiusMetres : 1)
  const lngLat = (x: number, y: number) => lngLatOf(x / step[0], y / step[1], cityBbox)
  return {
    ...rest,
    ...{ category, radiusMetres, count: members.length },
    area: slot < 0 ? null : areas[slot]!,
    lngLat: lngLat(...middle),
    hull: hull.map((i) => lngLat(cases.x[members[i]!]!, cases.y[members[i]!]!)),
    firstDay: dayFromNumber(cases.firstDay + firstDay),
    lastDay: dayFromNumber(cases.firstDay + lastDay),
    expected: rates[category]! * Math.PI * (looked / 1000) ** 2,
  }
}
