import {
  findingWeeks,
  maxFindings,
  minObserved,
  minRatio,
  type Finding,
  type FindingOptions,
  type Findings,
} from '../../domain/answers/findings.ts'
import { dayNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import { isOpenStage, stages } from '../../domain/vocabulary.ts'
import { benjaminiHochberg } from '../../stats/correct.ts'
import { finish, within, type InParts } from '../../stats/in-parts.ts'
import { poissonTest } from '../../stats/poisson.ts'
import { standardisedRatio } from '../../stats/sir.ts'
import { areaSlots } from '../count/area-slots.ts'
import { sizeOf } from '../count/area-size.ts'
import { eachPassingInParts, type FilteredRows } from '../count/filtered-rows.ts'
import { everywhere } from './hotspots.ts'
import type { Question, QuestionInParts, QuestionWorld } from './question.ts'

const categories = 256
const isOpenAt = stages.map(isOpenStage)

/**
 * Areas and categories with more incidents than the city's rate lets expect. The filter's areas do
 * not narrow what is expected, only what is listed.
 */
export const findings: Question<FindingOptions, Findings> = (rows, world, options) =>
  finish(findingsInParts(rows, world, options))

/** Finds the rows before the first pause. */
export const findingsInParts: QuestionInParts<FindingOptions, Findings> = function* (
  rows,
  world,
  options,
) {
  const shapes = world.shapes.of(options.level)
  const slots = areaSlots(world.areas, shapes.areas)
  const all = everywhere(rows, world).hold()
  const counted = countPairs(all, slots, shapes.areas.length)
  const { counts, open } = yield* within(counted, 0, 0.4)
  const { value, size } = sizeOf(shapes)
  const share = sharesOf(size)
  const totals = new Uint32Array(categories)
  counts.forEach((count, pair) => (totals[pair % categories]! += count))
  const expectedOf = (pair: number): number =>
    totals[pair % categories]! * share[Math.floor(pair / categories)]!

  const p = new Float64Array(counts.length).fill(1)
  const known = Uint8Array.from(counts, (count) => (count > 0 ? 1 : 0))
  counts.forEach((count, pair) => {
    // a smaller count is no finding, whatever its p
    if (count > expectedOf(pair)) p[pair] = poissonTest(count, expectedOf(pair))
  })
  const adjusted = benjaminiHochberg(p, known)
  const isListed = listedSlots(rows, world, slots)
  const found = [...counts.keys()]
    .filter(
      (pair) =>
        adjusted[pair]! <= maxP &&
        counts[pair]! >= minObserved &&
        counts[pair]! >= minRatio * expectedOf(pair) &&
        isListed(Math.floor(pair / categories)),
    )
    .sort((a, b) => counts[b]! - expectedOf(b) - (counts[a]! - expectedOf(a)) || a - b)
  const shown = found.slice(0, maxFindings)
  const details = yield* within(detailsOf(all, slots, shown, options), 0.5, 1)
  const list = shown.map((pair, n): Finding => {
    const { ratio, low, high } = standardisedRatio(counts[pair]!, expectedOf(pair))
    const weeks = [...details.weeks.subarray(n * findingWeeks, (n + 1) * findingWeeks)]
    return {
      area: shapes.areas[Math.floor(pair / categories)]!,
      category: pair % categories,
      observed: counts[pair]!,
      open: open[pair]!,
      expected: expectedOf(pair),
      ratio: ratio!,
      low: low!,
      high: high!,
      p: adjusted[pair]!,
      weeks,
      weeksRunning: weeksRunning(weeks, (expectedOf(pair) / details.days) * 7),
      onOnePoint: details.piles[n]!,
    }
  })
  return { options, value, list, total: found.length }
}

const maxP = 0.05

/** By slot × 256 + category. */
function* countPairs(
  rows: FilteredRows,
  slots: Int32Array,
  areas: number,
): InParts<{ counts: Uint32Array; open: Uint32Array }> {
  const counts = new Uint32Array(areas * categories)
  const open = new Uint32Array(areas * categories)
  yield* eachPassingInParts(rows, ({ area, category, stage }) => (row) => {
    const slot = slots[area[row]!]!
    if (slot < 0) return
    const pair = slot * categories + category[row]!
    counts[pair]!++
    if (isOpenAt[stage[row]! & 15]) open[pair]!++
  })
  return { counts, open }
}

function sharesOf(size: Float64Array): Float64Array {
  const whole = size.reduce((sum, own) => sum + own, 0)
  return size.map((own) => own / whole)
}

/** Whether the filter's areas hold the area of a slot. */
function listedSlots(
  { filter }: FilteredRows,
  world: QuestionWorld,
  slots: Int32Array,
): (slot: number) => boolean {
  if (filter.areas.length === 0) return () => true
  const wanted = new Set(filter.areas)
  const paths = world.areas.filter(({ code }) => wanted.has(code)).map(({ path }) => path)
  const listed = new Set(
    world.areas
      .filter(({ path }) => paths.some((own) => path.startsWith(own) || own.startsWith(path)))
      .map(({ idx }) => slots[idx]!),
  )
  return (slot) => listed.has(slot)
}

/** Weeks and the largest pile of each pair, in one more pass. */
function* detailsOf(
  rows: FilteredRows,
  slots: Int32Array,
  pairs: readonly number[],
  { lastDay }: FindingOptions,
): InParts<{ weeks: Uint32Array; piles: number[]; days: number }> {
  const number = new Map(pairs.map((pair, n) => [pair, n]))
  const weeks = new Uint32Array(pairs.length * findingWeeks)
  const points = pairs.map(() => new Map<number, number>())
  const last = dayNumber(lastDay)
  const firstDay = last - findingWeeks * 7 + 1
  let [earliest, latest] = [Infinity, -Infinity]
  yield* eachPassingInParts(rows, ({ monthNumber, minute, area, category, x, y }) => {
    const monthDay = firstDayNumber(monthNumber)
    return (row) => {
      const day = monthDay + Math.floor(minute[row]! / 1440)
      earliest = Math.min(earliest, day)
      latest = Math.max(latest, day)
      const slot = slots[area[row]!]!
      const n = slot < 0 ? undefined : number.get(slot * categories + category[row]!)
      if (n === undefined) return
      const point = x[row]! * 65_536 + y[row]!
      points[n]!.set(point, (points[n]!.get(point) ?? 0) + 1)
      const week = Math.floor((day - firstDay) / 7)
      if (week >= 0 && week < findingWeeks) weeks[n * findingWeeks + week]!++
    }
  })
  const { period } = rows.filter
  const from = period ? dayNumber(period.from) : earliest
  const to = period ? Math.min(dayNumber(period.to), last) : latest
  return {
    weeks,
    piles: points.map((own) => [...own.values()].reduce((most, one) => Math.max(most, one), 0)),
    days: Math.max(1, to - from + 1),
  }
}

function weeksRunning(weeks: readonly number[], expected: number): number {
  let running = 0
  while (running < weeks.length && weeks[weeks.length - 1 - running]! > expected) running++
  return running
}
