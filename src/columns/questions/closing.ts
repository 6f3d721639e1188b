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
import { wilson } from '../../stats/wilson.ts'
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
  if (options.isWhole)
    return summaryOf(countWhole(rows, world.asOfWallMinutes, options), options, [], [])
  const sample = collect(rows, world.asOfWallMinutes)
  return summaryOf(
    { ...summarise(sample, 0, sample.length, options), withdrawn: sample.withdrawn },
    options,
    byGroup(sample, (i) => sample.category[i]!, 256, options),
    byGroup(sample, areaGroups(sample, world, options), 65_536, options),
  )
}

interface Counted {
  group: ClosingGroup
  curve: SurvivalCurve
  counts: TimeCounts
}

function summaryOf(
  { group, curve, counts, withdrawn }: Counted & { withdrawn: number },
  options: ClosingOptions,
  byCategory: ClosingSummary['byCategory'],
  byArea: ClosingSummary['byArea'],
): ClosingSummary {
  const longerThan = countsAfter(counts)
  const kept = thin(curve)
  return {
    ...{ ...group, options, withdrawn, byCategory, byArea },
    curve: { ...kept, longer: kept.hours.map(longerThan) },
    longerThanDays: openDays
      .filter((days) => days * 24 <= (kept.hours.at(-1) ?? -1))
      .map((days) => longerThan(days * 24)),
  }
}

/** By stage: closed, open, and withdrawn. */
const [closedKind, openKind] = [1, 2]
const kindOfStage = Uint8Array.from({ length: 256 }, (_, byte) =>
  (byte & 15) === closedStage ? closedKind : openStages[byte & 15] ? openKind : 0,
)

/** All together in one loop, without a copy of the rows: at a million it is the page's longest question. */
function countWhole(
  rows: FilteredRows,
  asOfWallMinutes: number,
  { withinDays }: ClosingOptions,
): Counted & { withdrawn: number } {
  const events = new Uint32Array(maxHours + 1)
  const censored = new Uint32Array(maxHours + 1)
  let [withdrawn, due, closedWithin] = [0, 0, 0]
  const withinHours = withinDays * 24
  for (const { month, spans, rows: listed } of rows.passing) {
    const { minute, hours, stage } = month
    const now = asOfWallMinutes - firstDayNumber(month.monthNumber) * 1440
    /** Reported until then, it is old enough to be judged. */
    const lastDue = now - withinHours * 60
    const count = (from: number, end: number, places: Uint32Array | null): void => {
      for (let at = from; at < end; at++) {
        const row = places ? places[at]! : at
        const kind = kindOfStage[stage[row]!]!
        const took = hours[row]!
        if (kind === closedKind && took !== notClosedHours) {
          events[took]!++
          if (minute[row]! > lastDue) continue
          due++
          if (took < withinHours) closedWithin++
        } else if (kind === openKind) {
          const age = Math.floor((now - minute[row]!) / 60)
          censored[age < 0 ? 0 : age > maxHours ? maxHours : age]!++
          if (minute[row]! <= lastDue) due++
        } else withdrawn++
      }
    }
    if (listed) count(0, listed.length, listed)
    else for (let at = 0; at < spans.length; at += 2) count(spans[at]!, spans[at + 1]!, null)
  }
  const counts = untilLastEvent(events, censored)
  const curve = kaplanMeier(counts)
  const within = {
    ...wilson(closedWithin, due),
    tooRecent: curve.n - due,
  }
  return { group: groupOf(curve, within), curve, counts, withdrawn }
}

/** The curve ends at the last event, so later censoring shares one place. */
function untilLastEvent(events: Uint32Array, censored: Uint32Array): TimeCounts {
  let last = events.length - 1
  while (last > 0 && events[last] === 0) last--
  const kept = censored.slice(0, last + 2)
  if (kept.length === last + 2) {
    kept[last + 1] = 0
    for (let hour = last + 1; hour < censored.length; hour++) kept[last + 1]! += censored[hour]!
  }
  const times = new Uint32Array(last + 2)
  times.set(events.subarray(0, last + 1))
  return { events: times, censored: kept }
}

const groupOf = (curve: SurvivalCurve, within: ClosingGroup['within']): ClosingGroup => ({
  ...{ n: curve.n, closed: curve.events, open: curve.censored },
  median: survivalQuantile(curve, 0.5),
  p90: survivalQuantile(curve, 0.9),
  within,
})

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
): Counted {
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
  const within = shareClosedWithin(hours, closed, age, options.withinDays * 24, start, end)
  return { group: groupOf(curve, within), curve, counts: { events, censored } }
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
