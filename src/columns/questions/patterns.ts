import {
  maxPlaces,
  minRepeats,
  repeatDays,
  repeatRadiusMetres,
  type CategoryShare,
  type PatternOptions,
  type Patterns,
  type RepeatPlace,
} from '../../domain/answers/patterns.ts'
import { addDays, dayFromNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import { densestDiscs } from '../../stats/densest-discs.ts'
import { finish, within, type InParts } from '../../stats/in-parts.ts'
import { standardisedRatio } from '../../stats/sir.ts'
import { eachPassingInParts, FilteredRows } from '../count/filtered-rows.ts'
import { cellMetres, lngLatOf } from '../count/places.ts'
import { pointCounts, pointKey } from '../count/point-counts.ts'
import { closingGroup } from './closing.ts'
import type { Question, QuestionInParts, QuestionWorld } from './question.ts'

/** How some areas differ from the city. Channels are the server's: the columns hold none. */
export const patterns: Question<PatternOptions, Patterns> = (rows, world, options) =>
  finish(patternsInParts(rows, world, options))

/** Finds all rows before the first pause. */
export const patternsInParts: QuestionInParts<PatternOptions, Patterns> = function* (
  rows,
  world,
  options,
) {
  const { set, filter } = rows
  const areas = [...options.areas]
  const under = (part: Partial<typeof filter>) =>
    new FilteredRows(set, { ...filter, ...part }, world).hold()
  const ofCity = under({ areas: [], categories: [] })
  const ofAreas = under({ areas, categories: [] })
  const here = under({ areas })
  const city = under({ areas: [] })
  const lately = under({ areas, period: lastYear(filter.period, options) })
  const everything = yield* within(categoryCounts(ofCity), 0, 0.2)
  const own = yield* within(categoryCounts(ofAreas), 0.2, 0.3)
  const closingHere = yield* within(closingGroup(here, world), 0.3, 0.4)
  const closingCity = yield* within(closingGroup(city, world), 0.4, 0.7)
  const places = yield* within(repeatPlaces(lately, world), 0.7, 1)
  const mix = mixOf(own, everything)
  return {
    ...{ options, here: own.total, city: everything.total, mix },
    ...{ closingHere, closingCity, places },
  }
}

interface Counted {
  total: number
  counts: Uint32Array
}

function* categoryCounts(rows: FilteredRows): InParts<Counted> {
  const counts = new Uint32Array(256)
  yield* eachPassingInParts(
    rows,
    ({ category }) =>
      (row) =>
        counts[category[row]!]!++,
  )
  return { total: rows.count, counts }
}

function mixOf(own: Counted, everything: Counted): CategoryShare[] {
  return [...own.counts.keys()]
    .filter((category) => own.counts[category]! > 0)
    .map((category): CategoryShare => {
      const here = own.counts[category]!
      const city = everything.counts[category]!
      const expected = (own.total * city) / everything.total
      const { ratio, low, high } = standardisedRatio(here, expected)
      return { category, here, city, ratio: ratio!, low: low!, high: high! }
    })
    .sort((a, b) => b.here - a.here || a.category - b.category)
}

function lastYear(
  period: { from: string; to: string } | null,
  { lastDay }: PatternOptions,
): { from: string; to: string } {
  const from = addDays(lastDay, 1 - repeatDays)
  return { from: period && period.from > from ? period.from : from, to: lastDay }
}

function* repeatPlaces(rows: FilteredRows, world: QuestionWorld): InParts<RepeatPlace[]> {
  const { points, counts } = yield* within(pointCounts(rows), 0, 0.6)
  const [east, north] = cellMetres(world.cityBbox)
  const discs = densestDiscs(
    Float64Array.from(points, (point) => (point >>> 16) * east),
    Float64Array.from(points, (point) => (point & 65_535) * north),
    counts,
    { radiusMetres: repeatRadiusMetres, maxDiscs: 2 * maxPlaces, minWeight: minRepeats },
  )
  const discOf = new Map(
    discs.flatMap(({ members }, disc) => members.map((at) => [points[at]!, disc])),
  )
  const categories = discs.map(() => new Map<number, number>())
  const days = discs.map(() => new Set<number>())
  yield 0.8
  const described = eachPassingInParts(rows, ({ monthNumber, minute, category, x, y }) => {
    const firstDay = firstDayNumber(monthNumber)
    return (row) => {
      const disc = discOf.get(pointKey(x[row]!, y[row]!))
      if (disc === undefined) return
      const own = categories[disc]!
      own.set(category[row]!, (own.get(category[row]!) ?? 0) + 1)
      days[disc]!.add(firstDay + Math.floor(minute[row]! / 1440))
    }
  })
  yield* within(described, 0.8, 1)
  const places = discs.map(({ centre, weight, members }, n): RepeatPlace => {
    const point = points[centre]!
    return {
      lngLat: lngLatOf(point >>> 16, point & 65_535, world.cityBbox),
      count: weight,
      days: days[n]!.size,
      categories: [...categories[n]!].sort((a, b) => b[1] - a[1] || a[0] - b[0]),
      lastDay: dayFromNumber([...days[n]!].reduce((last, day) => Math.max(last, day), 0)),
      onOnePoint: members.reduce((most, at) => Math.max(most, counts[at]!), 0),
    }
  })
  // many reports of one day are one event
  return places.filter((place) => place.days >= minRepeats).slice(0, maxPlaces)
}
