import { runTotals, type RunTotals } from './run-totals.ts'
import type { MonthColumns } from './column-set.ts'
import { fails, type FilterRules } from './filter-rules.ts'
import { categoryOfKind, kindRuns, kindSpans, stageOfKind } from './kind-runs.ts'
import { keepAreas, pickRows, rowRoom, type Minutes } from './pick-rows.ts'
import type { Span } from './span.ts'
import { addDaysAndClosings } from './place-totals.ts'
import { dayOfMinute, neverLeft, openByte } from './row-tables.ts'
import type { Tally } from './tally.ts'

/** One month being counted. */
interface Count {
  month: MonthColumns
  rules: FilterRules
  /** The rules without areas. */
  anywhere: Pick<FilterRules, 'area' | 'box' | 'hasAreas'>
  inPeriod: boolean
  /** Of a month that lies partly in the period, else null. */
  minutes: Minutes | null
  tally: Tally
  room: Uint32Array
  /** By run; null where rows are better, or not all of a run pass. */
  totals: RunTotals | null
}

/**
 * Counts a month run by run of one category and stage: a run that fails by both needs no look at its
 * rows, and of one that fails by either only their number counts.
 * @param minutes null for a month wholly inside or outside the period
 * @returns how many rows pass; 0 outside the period
 */
export function countRows(
  month: MonthColumns,
  rules: FilterRules,
  tally: Tally,
  inPeriod: boolean,
  minutes: Minutes | null,
): number {
  const { kinds, starts } = kindRuns(month)
  const anywhere = { area: rules.area, box: rules.box, hasAreas: false }
  const room = rowRoom(month.count + 1)
  const isWhole = !rules.hasAreas && !rules.box && !minutes && !rules.onlyPeriod
  const totals = isWhole ? runTotals(month) : null
  const count: Count = { month, rules, anywhere, inPeriod, minutes, tally, room, totals }
  let passing = 0
  for (let run = 0; run < kinds.length; run++) {
    const category = categoryOfKind(kinds[run]!)
    const stage = stageOfKind(kinds[run]!)
    const mask = rules.category[category]! | rules.stage[stage]!
    const span = { start: starts[run]!, end: starts[run + 1]!, step: 1 }
    if (mask === 0) {
      const found = countPassing(count, stage, span, run)
      passing += found
      tally.category[category]! += found
      tally.passed[stage]! += found
    } else if (!inPeriod) continue
    else if (mask === fails.category) tally.category[category]! += countOnly(count, span)
    else if (mask === fails.stage) tally.otherStage[stage & 15]! += countOnly(count, span)
  }
  return passing
}

const isAnyRow = ({ rules, minutes }: Count): boolean => !rules.hasAreas && !rules.box && !minutes

function countOnly(count: Count, span: Span): number {
  if (isAnyRow(count)) return span.end - span.start
  return pickRows(count.month, count.rules, count.minutes, span, count.room)
}

/** Returns how many rows pass. */
function countPassing(count: Count, stage: number, span: Span, run: number): number {
  const { month, rules, anywhere, inPeriod, minutes, tally, room } = count
  if (isAnyRow(count)) {
    const length = span.end - span.start
    if (inPeriod) addAreas(month, stage, tally, span)
    if (count.totals) addDaysAndClosings(count.totals, run, tally)
    else addLiving(month, stage, tally, span)
    tally.living[stage]! += length
    return inPeriod ? length : 0
  }
  let passing = 0
  if (inPeriod && !rules.box && !minutes) {
    addAreas(month, stage, tally, span)
    passing = pickRows(month, rules, null, span, room)
  } else if (inPeriod) {
    passing = pickRows(month, anywhere, minutes, span, room)
    addListedAreas(month, stage, tally, room, passing)
    if (rules.hasAreas) passing = keepAreas(month.area, rules.area, room, 0, passing)
  }
  const living = inPeriod && !minutes ? passing : pickRows(month, rules, null, span, room)
  addListedLiving(month, stage, tally, room, living)
  tally.living[stage]! += living
  return passing
}

function addAreas(
  { area }: MonthColumns,
  stage: number,
  { areaOpen }: Tally,
  { start, end }: Span,
): void {
  const open = openByte[stage]!
  for (let row = start; row < end; row++) areaOpen[2 * area[row]! + open]!++
}

function addListedAreas(
  { area }: MonthColumns,
  stage: number,
  { areaOpen }: Tally,
  rows: Uint32Array,
  count: number,
): void {
  const open = openByte[stage]!
  for (let at = 0; at < count; at++) areaOpen[2 * area[rows[at]!]! + open]!++
}

function addLiving(
  { minute, closedMonth }: MonthColumns,
  stage: number,
  { days, dayOffset, left }: Tally,
  { start, end }: Span,
): void {
  const never = neverLeft[stage]!
  for (let row = start; row < end; row++) {
    days[dayOffset + dayOfMinute(minute[row]!)]!++
    left[closedMonth[row]! | never]!++
  }
}

function addListedLiving(
  { minute, closedMonth }: MonthColumns,
  stage: number,
  { days, dayOffset, left }: Tally,
  rows: Uint32Array,
  count: number,
): void {
  const never = neverLeft[stage]!
  for (let at = 0; at < count; at++) {
    const row = rows[at]!
    days[dayOffset + dayOfMinute(minute[row]!)]!++
    left[closedMonth[row]! | never]!++
  }
}

/**
 * Counts passing rows.
 * @param minutes null where the period lets the whole month pass
 * @param byArea also counts rows that fail only by their area
 */
export function countMatches(
  month: MonthColumns,
  rules: FilterRules,
  minutes: Minutes | null,
  byArea: Uint32Array | null,
): number {
  const { area } = month
  const spans = kindSpans(month, rules)
  const anywhere = { area: rules.area, box: rules.box, hasAreas: false }
  const room = rowRoom(month.count + 1)
  let matches = 0
  for (let at = 0; at < spans.length; at += 2) {
    const span = { start: spans[at]!, end: spans[at + 1]!, step: 1 }
    if (!rules.box && !minutes && !rules.hasAreas) {
      matches += span.end - span.start
      if (byArea) for (let row = span.start; row < span.end; row++) byArea[area[row]!]!++
      continue
    }
    const found = pickRows(month, anywhere, minutes, span, room)
    if (byArea) for (let n = 0; n < found; n++) byArea[area[room[n]!]!]!++
    matches += rules.hasAreas ? keepAreas(area, rules.area, room, 0, found) : found
  }
  return matches
}
