import {
  maxSteps,
  minSteps,
  stepDays,
  type HotspotOptions,
  type Hotspots,
} from '../../domain/answers/hotspots.ts'
import type { IncidentFilter } from '../../domain/filter/filter.ts'
import { addDays, dayNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import { compareCounts } from '../../stats/change.ts'
import { benjaminiHochberg } from '../../stats/correct.ts'
import { classifyEmerging } from '../../stats/emerging.ts'
import { localG } from '../../stats/getis-ord.ts'
import { spaceTimeGiStar } from '../../stats/space-time-gi.ts'
import { twoSidedP } from '../../stats/normal.ts'
import { islands } from '../../stats/weights.ts'
import type { KnownShapes } from '../count/area-shapes.ts'
import { sizeOf } from '../count/area-size.ts'
import { areaSlots } from '../count/area-slots.ts'
import { confidenceClass, confidenceLevels } from '../count/confidence-class.ts'
import { FilteredRows, forEachPassing } from '../count/filtered-rows.ts'
import type { Question, QuestionWorld } from './question.ts'
import { windowCounts } from './window-counts.ts'

/**
 * Areas of a level that stand out. The filter's areas do not narrow it: an area is judged against
 * all others the person sees.
 */
export const hotspots: Question<HotspotOptions, Hotspots> = (rows, world, options) => {
  const shapes = world.shapes.of(options.level)
  const slots = areaSlots(world.areas, shapes.areas)
  const everywhere: IncidentFilter = { ...rows.filter, areas: [] }
  const all = rows.filter.areas.length === 0 ? rows : new FilteredRows(rows.set, everywhere, world)
  const n = shapes.areas.length
  const counts = new Uint32Array(n)
  forEachPassing(all, ({ area }) => (row) => {
    const slot = slots[area[row]!]!
    if (slot >= 0) counts[slot]!++
  })
  const answer: Hotspots = {
    options,
    value: 'count',
    obstacle: null,
    areas: shapes.areas,
    counts,
    classes: new Int8Array(n),
    scores: new Float64Array(n),
    p: new Float64Array(n).fill(1),
    expected: new Float64Array(n),
    islands: islands(shapes.neighbours).length,
    steps: 0,
    series: new Uint32Array(0),
  }
  if (n < minAreas) return { ...answer, obstacle: 'few_areas' }
  const judge = { chance: byChance, change: byChange, pattern: byPattern }[options.method]
  return judge(answer, { shapes, slots, everywhere, rows: all, world })
}

const minAreas = 4

interface Ground {
  shapes: KnownShapes
  slots: Int32Array
  everywhere: IncidentFilter
  rows: FilteredRows
  world: QuestionWorld
}

function byChance(answer: Hotspots, { shapes }: Ground): Hotspots {
  const total = sum(answer.counts)
  if (total === 0) return { ...answer, obstacle: 'no_incidents' }
  const { value, size } = sizeOf(shapes)
  const rates = Float64Array.from(answer.counts, (count, i) => count / size[i]!)
  const { z, p, known } = localG(rates, shapes.neighbours)
  const adjusted = benjaminiHochberg(p, known)
  const whole = sum(size)
  return {
    ...answer,
    value,
    obstacle: known.includes(1) ? null : 'all_equal',
    scores: z,
    p: adjusted,
    classes: Int8Array.from(z, (score, i) => confidenceClass(adjusted[i]!, score)),
    expected: size.map((own) => (total * own) / whole),
  }
}

function byChange(answer: Hotspots, { slots, rows, world }: Ground): Hotspots {
  const { window } = answer.options
  if (!window) return { ...answer, obstacle: 'no_window' }
  const before = new Uint32Array(answer.areas.length)
  windowCounts(rows, world, window).byArea.forEach((count, idx) => {
    const slot = slots[idx] ?? -1
    if (slot >= 0) before[slot]! += count
  })
  if (sum(answer.counts) + sum(before) === 0) return { ...answer, obstacle: 'no_incidents' }
  const p = new Float64Array(before.length).fill(1)
  const known = new Uint8Array(before.length)
  const scores = new Float64Array(before.length)
  for (let i = 0; i < before.length; i++) {
    const now = answer.counts[i]!
    if (now + before[i]! === 0) continue
    p[i] = compareCounts(now, before[i]!).p
    scores[i] = before[i] === 0 ? Infinity : now / before[i]!
    known[i] = 1
  }
  const adjusted = benjaminiHochberg(p, known)
  return {
    ...answer,
    scores,
    p: adjusted,
    classes: Int8Array.from(scores, (ratio, i) =>
      known[i] ? confidenceClass(adjusted[i]!, ratio - 1) : 0,
    ),
    expected: Float64Array.from(before),
  }
}

function byPattern(answer: Hotspots, ground: Ground): Hotspots {
  const { shapes, rows } = ground
  const first = rows.set.months[0]
  if (!first) return { ...answer, obstacle: 'no_incidents' }
  const last = dayNumber(answer.options.lastDay)
  const days = last - firstDayNumber(first.monthNumber) + 1
  const steps = Math.min(maxSteps, Math.floor(days / stepDays))
  if (steps < minSteps) return { ...answer, obstacle: 'few_steps' }
  const series = seriesOf(ground, answer.areas.length, last, steps)
  if (series.every((count) => count === 0)) return { ...answer, obstacle: 'no_incidents' }
  const { value, size } = sizeOf(shapes)
  const rates = Float64Array.from(series, (count, at) => count / size[Math.floor(at / steps)]!)
  const z = spaceTimeGiStar(rates, withoutSelf(shapes), steps)
  const { classes, trendZ, trendP } = classifyEmerging(z, steps, { criticalZ: criticalOf(z) })
  const at = (step: number) => answer.counts.map((_, i) => series[i * steps + step]!)
  return {
    ...answer,
    value,
    counts: at(steps - 1),
    expected: Float64Array.from(answer.counts, (_, i) =>
      mean(series.subarray(i * steps, i * steps + steps - 1)),
    ),
    classes,
    scores: trendZ,
    p: trendP,
    steps,
    series,
  }
}

/** Counts by area × steps + step: steps of `stepDays` that end with the last day. */
function seriesOf(
  { slots, everywhere, rows, world }: Ground,
  areas: number,
  lastDay: number,
  steps: number,
): Uint32Array {
  const series = new Uint32Array(areas * steps)
  const period = {
    from: addDays('1970-01-01', lastDay - steps * stepDays + 1),
    to: addDays('1970-01-01', lastDay),
  }
  const during = new FilteredRows(rows.set, { ...everywhere, period }, world)
  const firstDay = dayNumber(period.from)
  forEachPassing(during, ({ monthNumber, minute, area }) => {
    const monthDay = firstDayNumber(monthNumber) - firstDay
    return (row) => {
      const slot = slots[area[row]!]!
      if (slot < 0) return
      const step = Math.floor((monthDay + Math.floor(minute[row]! / 1440)) / stepDays)
      series[slot * steps + step]!++
    }
  })
  return series
}

/** The statistic adds each area to its own window. */
function withoutSelf({ neighbours: { n, starts, neighbours } }: KnownShapes) {
  const ends = new Uint32Array(n + 1)
  const others = new Uint32Array(neighbours.length - n)
  let place = 0
  for (let i = 0; i < n; i++) {
    for (let e = starts[i]!; e < starts[i + 1]!; e++)
      if (neighbours[e] !== i) others[place++] = neighbours[e]!
    ends[i + 1] = place
  }
  return { starts: ends, neighbours: others }
}

/** The smallest |z| that Benjamini–Hochberg keeps at 90 %; Infinity where it keeps none. */
function criticalOf(z: Float64Array): number {
  const adjusted = benjaminiHochberg(z.map(twoSidedP))
  return adjusted.reduce(
    (least, p, i) => (p <= confidenceLevels[0] ? Math.min(least, Math.abs(z[i]!)) : least),
    Infinity,
  )
}

const sum = (values: ArrayLike<number>): number => {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]!
  return total
}
const mean = (values: Uint32Array): number =>
  values.length === 0 ? 0 : sum(values) / values.length
