import {
  openDays,
  type ClosingGroup,
  type ClosingOptions,
  type ClosingSummary,
} from '../../domain/answers/closing.ts'
import { notClosedHours } from '../../domain/answers/columns.ts'
import { firstDayNumber } from '../../domain/time/calendar.ts'
import { isOpenStage, stages } from '../../domain/vocabulary.ts'
import {
  kaplanMeier,
  survivalQuantile,
  type SurvivalCurve,
  type TimeCounts,
} from '../../stats/kaplan-meier.ts'
import { finish, type InParts } from '../../stats/in-parts.ts'
import { shareClosedWithin } from '../../stats/share-closed.ts'
import { eachPassingInParts, type FilteredRows } from '../count/filtered-rows.ts'
import type { Question, QuestionWorld } from './question.ts'

interface Sample {
  length: number
  withdrawn: number
  /** Hours to close where `closed`, else the age; at most `maxHours`. */
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
 * Open incidents are censored at their age. Ages come from wall clocks, so a clock change makes
 * them one hour wrong.
 */
export const closing: Question<ClosingOptions, ClosingSummary> = (rows, world, options) => {
  const sample = collect(rows, world.asOfWallMinutes)
  const { group, curve, counts } = summarise(sample, 0, sample.length, options)
  const longerThan = countsAfter(counts)
  const kept = thin(curve)
  return {
    ...group,
    options,
    withdrawn: sample.withdrawn,
    curve: { ...kept, longer: kept.hours.map(longerThan) },
    longerThanDays: openDays
      .filter((days) => days * 24 <= (kept.hours.at(-1) ?? -1))
      .map((days) => longerThan(days * 24)),
    byCategory: options.isWhole ? [] : byGroup(sample, (i) => sample.category[i]!, 256, options),
    byArea: options.isWhole
      ? []
      : byGroup(sample, areaGroups(sample, world, options), 65_536, options),
  }
}

/** Only the groups of areas, without curve and categories. */
export function closingOfAreas(
  rows: FilteredRows,
  world: QuestionWorld,
  options: ClosingOptions,
): ClosingSummary['byArea'] {
  const sample = collect(rows, world.asOfWallMinutes)
  return byGroup(sample, areaGroups(sample, world, options), 65_536, options)
}

/** One group of all rows, without curve. */
export function* closingGroup(rows: FilteredRows, world: QuestionWorld): InParts<ClosingGroup> {
  const sample = yield* collectInParts(rows, world.asOfWallMinutes)
  return summarise(sample, 0, sample.length, { withinDays: 1 }).group
}

const collect = (rows: FilteredRows, asOfWallMinutes: number): Sample =>
  finish(collectInParts(rows, asOfWallMinutes))

function* collectInParts(rows: FilteredRows, asOfWallMinutes: number): InParts<Sample> {
  const sample = newSample(rows.count)
  yield* eachPassingInParts(rows, ({ monthNumber, minute, hours, stage, area, category }) => {
    const monthStart = firstDayNumber(monthNumber) * 1440
    return (row) => {
      const stageIndex = stage[row]! & 15
      const isClosed = stageIndex === closedStage && hours[row] !== notClosedHours
      if (!isClosed && !openStages[stageIndex]) {
        sample.withdrawn++
        return
      }
      const age = Math.floor((asOfWallMinutes - monthStart - minute[row]!) / 60)
      const at = sample.length++
      sample.age[at] = Math.min(maxHours, Math.max(0, age))
      sample.hours[at] = isClosed ? hours[row]! : sample.age[at]!
      sample.closed[at] = isClosed ? 1 : 0
      sample.area[at] = area[row]!
      sample.category[at] = category[row]!
    }
  })
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
  options: Pick<ClosingOptions, 'withinDays'>,
): { group: ClosingGroup; curve: SurvivalCurve; counts: TimeCounts } {
  const { hours, closed, age } = sample
  let longest = 0
  for (let i = start; i < end; i++) if (closed[i] && hours[i]! > longest) longest = hours[i]!
  // The curve ends at the last event, so later censoring shares one place.
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
  return { group, curve, counts: { events, censored } }
}

/** How many come after an hour. */
function countsAfter({ events, censored }: TimeCounts): (hour: number) => number {
  const after = new Uint32Array(events.length + 1)
  for (let hour = events.length - 1; hour >= 0; hour--)
    after[hour] = after[hour + 1]! + events[hour]! + censored[hour]!
  return (hour) => after[Math.min(hour + 1, events.length)]!
}

/** Group 0 means "in none". */
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

function areaGroups(
  sample: Sample,
  world: QuestionWorld,
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

function thin(curve: SurvivalCurve): Omit<ClosingSummary['curve'], 'longer'> {
  const stride = Math.max(1, Math.ceil(curve.times.length / maxCurveSteps))
  const last = curve.times.length - 1
  // Counts from the end, to keep the curve's last step.
  const keep = (values: Float64Array) => values.filter((_, i) => (last - i) % stride === 0)
  return {
    hours: keep(curve.times),
    open: keep(curve.survival),
    low: keep(curve.low),
    high: keep(curve.high),
  }
}
