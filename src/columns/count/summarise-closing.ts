import { dayNumber, firstDayOf } from '../../domain/time/calendar.ts'
import type { ClosingGroup, ClosingOptions, ClosingSummary } from '../../domain/answers/closing.ts'
import type { ColumnSet } from './column-set.ts'
import { notClosedHours, quantum } from '../../domain/answers/columns.ts'
import { compileFilter, minutesInPeriod, type FilterWorld, type PathNode } from './filter-rules.ts'
import type { IncidentFilter } from '../../domain/filter/filter.ts'
import { kaplanMeier, survivalQuantile, type SurvivalCurve } from '../../stats/kaplan-meier.ts'
import { shareClosedWithin } from '../../stats/share-closed.ts'
import { isOpenStage, stages } from '../../domain/vocabulary.ts'

interface ClosingWorld extends FilterWorld {
  areas: readonly (PathNode & { level: string })[]
}

/** What passes the filter and has, or will have, a time to close; side by side. */
interface Sample {
  length: number
  withdrawn: number
  /** Hours to close where `closed`, else the age: both at most `maxHours`. */
  hours: Uint16Array
  closed: Uint8Array
  /** Hours from report to `asOf`. */
  age: Uint16Array
  area: Uint16Array
  category: Uint8Array
}

const maxHours = 65_535
const maxCurveSteps = 200
const closedStage = stages.indexOf('closed')
const openStages = stages.map(isOpenStage)

/**
 * Times to close of what passes the filter. Open incidents stay in as censored at their age; rejected
 * and merged ones have no time to close and are counted as withdrawn.
 * @param asOfWallMinutes how far the data is known, on the city's wall clock; ages are differences of
 * wall clocks and so off by the hour of a clock change in between
 */
export function summariseClosing(
  set: ColumnSet,
  filter: IncidentFilter,
  world: ClosingWorld,
  asOfWallMinutes: number,
  options: ClosingOptions,
): ClosingSummary {
  const sample = collect(set, filter, world, asOfWallMinutes)
  const { group, curve } = summarise(sample, 0, sample.length, options)
  return {
    ...group,
    options,
    withdrawn: sample.withdrawn,
    curve: thin(curve),
    byCategory: byGroup(sample, (i) => sample.category[i]!, 256, options),
    byArea: byGroup(sample, areaGroups(sample, world, options), 65_536, options),
  }
}

function collect(
  set: ColumnSet,
  filter: IncidentFilter,
  world: FilterWorld,
  asOfWallMinutes: number,
): Sample {
  const rules = compileFilter(filter, world)
  const [minX, minY, maxX, maxY] = rules.box ?? [0, 0, quantum, quantum]
  const room = set.count
  const sample = newSample(room)
  let at = 0
  for (const month of set.months) {
    const { from, to } = minutesInPeriod(month, rules)
    if (from >= to) continue
    const monthStart = dayNumber(firstDayOf(month.month)) * 1440
    const { minute, area, category, stage, hours, x, y } = month
    for (let i = 0; i < month.count; i++) {
      if (rules.area[area[i]!]! | rules.category[category[i]!]! | rules.stage[stage[i]!]!) continue
      if (minute[i]! < from || minute[i]! >= to) continue
      if (x[i]! < minX || x[i]! > maxX || y[i]! < minY || y[i]! > maxY) continue
      const stageIndex = stage[i]! & 15
      const isClosed = stageIndex === closedStage && hours[i] !== notClosedHours
      if (!isClosed && !openStages[stageIndex]) {
        sample.withdrawn++
        continue
      }
      const age = Math.floor((asOfWallMinutes - monthStart - minute[i]!) / 60)
      sample.age[at] = Math.min(maxHours, Math.max(0, age))
      sample.hours[at] = isClosed ? hours[i]! : sample.age[at]!
      sample.closed[at] = isClosed ? 1 : 0
      sample.area[at] = area[i]!
      sample.category[at] = category[i]!
      at++
    }
  }
  sample.length = at
  return sample
}

const newSample = (room: number): Sample => ({
  length: 0,
  withdrawn: 0,
  hours: new Uint16Array(room),
  closed: new Uint8Array(room),
  age: new Uint16Array(room),
  area: new Uint16Array(room),
  category: new Uint8Array(room),
})

function summarise(
  sample: Sample,
  start: number,
  end: number,
  options: ClosingOptions,
): { group: ClosingGroup; curve: SurvivalCurve } {
  const { hours, closed, age } = sample
  let longest = 0
  for (let i = start; i < end; i++) if (closed[i] && hours[i]! > longest) longest = hours[i]!
  // Past the last event it no longer matters when somebody was last seen open.
  const events = new Uint32Array(longest + 2)
  const censored = new Uint32Array(longest + 2)
  for (let i = start; i < end; i++) {
    if (closed[i]) events[hours[i]!]!++
    else censored[hours[i]! > longest ? longest + 1 : hours[i]!]!++
  }
  const curve = kaplanMeier({ events, censored })
  const group: ClosingGroup = {
    n: curve.n,
    closed: curve.events,
    open: curve.censored,
    median: survivalQuantile(curve, 0.5),
    p90: survivalQuantile(curve, 0.9),
    within: shareClosedWithin(hours, closed, age, options.withinDays * 24, start, end),
  }
  return { group, curve }
}

/** Sorts the sample by group (counting sort) and summarises each; group 0 is "in none". */
function byGroup(
  sample: Sample,
  groupOf: (i: number) => number,
  groups: number,
  options: ClosingOptions,
): ({ idx: number } & ClosingGroup)[] {
  const ends = new Uint32Array(groups + 1)
  for (let i = 0; i < sample.length; i++) ends[groupOf(i) + 1]!++
  for (let g = 0; g < groups; g++) ends[g + 1]! += ends[g]!
  const starts = ends.slice(0, groups)
  const sorted = newSample(sample.length)
  const next = starts.slice()
  for (let i = 0; i < sample.length; i++) {
    const to = next[groupOf(i)]!++
    sorted.hours[to] = sample.hours[i]!
    sorted.closed[to] = sample.closed[i]!
    sorted.age[to] = sample.age[i]!
  }
  const answer: ({ idx: number } & ClosingGroup)[] = []
  for (let idx = 1; idx < groups; idx++) {
    const [start, end] = [starts[idx]!, ends[idx + 1]!]
    if (start < end) answer.push({ idx, ...summarise(sorted, start, end, options).group })
  }
  return answer
}

/** The area of the wanted level that each incident's area is or lies below; 0 for none. */
function areaGroups(
  sample: Sample,
  world: ClosingWorld,
  options: ClosingOptions,
): (i: number) => number {
  const groups = new Uint16Array(65_536)
  const byPath = new Map(
    world.areas.filter((a) => a.level === options.areaLevel).map((a) => [a.path, a.idx]),
  )
  for (const area of world.areas) {
    for (let end = area.path.indexOf('/'); end >= 0; end = area.path.indexOf('/', end + 1)) {
      const idx = byPath.get(area.path.slice(0, end + 1))
      if (idx !== undefined) groups[area.idx] = idx
    }
  }
  return (i) => groups[sample.area[i]!]!
}

function thin(curve: SurvivalCurve): ClosingSummary['curve'] {
  const stride = Math.max(1, Math.ceil(curve.times.length / maxCurveSteps))
  const last = curve.times.length - 1
  // Counted from the end, so that the last step, where the curve ends, is always kept.
  const keep = (values: Float64Array) => values.filter((_, i) => (last - i) % stride === 0)
  return {
    hours: keep(curve.times),
    open: keep(curve.survival),
    low: keep(curve.low),
    high: keep(curve.high),
  }
}
