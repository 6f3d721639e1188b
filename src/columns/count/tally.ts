import type { MonthColumns } from './column-set.ts'
import { fails, type FilterRules } from './filter-rules.ts'
import { categoryOfKind, kindRuns, kindSpans, stageOfKind } from './kind-runs.ts'
import { keepAreas, pickRows, rowRoom, type Minutes, type Span } from './pick-rows.ts'
import { dayOfMinute, livedByte, neverLeft, openByte } from './row-tables.ts'

export class Tally {
  /** Place `Area.idx * 2` counts incidents not open, the next place open ones. */
  readonly areaOpen: Uint32Array
  readonly category = new Uint32Array(256)
  /** Passing rows by stage byte. */
  readonly passed = new Uint32Array(256)
  /** Rows that fail only by their stage. */
  readonly otherStage = new Uint32Array(16)
  readonly days: Uint32Array
  /** This month's rows that pass all but the period, by stage byte. */
  readonly living = new Uint32Array(256)
  /** `living` by months from report to close; last place: not closed. */
  readonly left = new Uint32Array(256)
  dayOffset = 0

  /** @param areas one more than the highest `Area.idx` */
  constructor(days: number, areas: number) {
    this.areaOpen = new Uint32Array(2 * areas)
    this.days = new Uint32Array(days)
  }

  startMonth(): void {
    this.living.fill(0)
    this.left.fill(0)
  }

  inArea(idx: number): number {
    return this.areaOpen[2 * idx]! + this.areaOpen[2 * idx + 1]!
  }
  openInArea(idx: number): number {
    return this.areaOpen[2 * idx + 1]!
  }
  hasArea(idx: number): boolean {
    return this.inArea(idx) > 0
  }

  /** Adds a month where all rows pass, except perhaps the period. */
  addMonth(month: MonthTotals, inPeriod: boolean): void {
    add(this.days, month.days, this.dayOffset)
    add(this.living, month.living)
    add(this.left, month.left)
    if (!inPeriod) return
    add(this.areaOpen, month.areaOpen)
    add(this.category, month.category)
    add(this.passed, month.living)
  }
}

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
}

/**
 * Counts a month run by run of one category and stage: a run that fails by both needs no look at its
 * rows, and of one that fails by either only their number counts.
 * @param minutes null for a month wholly inside or outside the period
 * @returns how many rows pass; 0 outside the period
 */
export function countMonth(
  month: MonthColumns,
  rules: FilterRules,
  tally: Tally,
  inPeriod: boolean,
  minutes: Minutes | null,
): number {
  const { kinds, starts } = kindRuns(month)
  const anywhere = { area: rules.area, box: rules.box, hasAreas: false }
  const room = rowRoom(month.count + 1)
  const count: Count = { month, rules, anywhere, inPeriod, minutes, tally, room }
  let passing = 0
  for (let run = 0; run < kinds.length; run++) {
    const category = categoryOfKind(kinds[run]!)
    const stage = stageOfKind(kinds[run]!)
    const mask = rules.category[category]! | rules.stage[stage]!
    const span = { start: starts[run]!, end: starts[run + 1]!, step: 1 }
    if (mask === 0) {
      const found = countPassing(count, stage, span)
      passing += found
      tally.category[category]! += found
      tally.passed[stage]! += found
    } else if (!inPeriod) continue
    else if (mask === fails.category) tally.category[category]! += countOnly(count, span)
    else if (mask === fails.stage) tally.otherStage[stage & 15]! += countOnly(count, span)
  }
  return passing
}

const isAnyRow = ({ rules, minutes }: Count): boolean =>
  !rules.hasAreas && !rules.box && !minutes

function countOnly(count: Count, span: Span): number {
  if (isAnyRow(count)) return span.end - span.start
  return pickRows(count.month, count.rules, count.minutes, span, count.room)
}

/** Returns how many rows pass. */
function countPassing(count: Count, stage: number, span: Span): number {
  const { month, rules, anywhere, inPeriod, minutes, tally, room } = count
  if (isAnyRow(count)) {
    const length = span.end - span.start
    if (inPeriod) addAreas(month, stage, tally, span)
    addLiving(month, stage, tally, span)
    tally.living[stage]! += length
    return inPeriod ? length : 0
  }
  let passing = 0
  if (inPeriod) {
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

/** Counts of a month where all rows pass, except perhaps the period. */
export interface MonthTotals extends Pick<Tally, 'areaOpen' | 'category' | 'days' | 'living'> {
  /** By months from report to close. */
  left: Uint32Array
}

/** Months are replaced, never changed. */
const known = new WeakMap<MonthColumns, MonthTotals | null>()
const areaCounts = new WeakMap<MonthColumns, number>()

/** One more than the highest `Area.idx`; all possible areas would take 512 kB. */
export function areasIn(month: MonthColumns): number {
  let count = areaCounts.get(month)
  if (count === undefined) {
    count = 0
    for (const idx of month.area) if (idx >= count) count = idx + 1
    areaCounts.set(month, count)
  }
  return count
}

const everything: FilterRules = {
  area: new Uint8Array(65_536),
  category: new Uint8Array(256),
  stage: new Uint8Array(256),
  fromDay: Number.NEGATIVE_INFINITY,
  toDay: Number.POSITIVE_INFINITY,
  box: null,
  due: null,
  hasAreas: false,
  onlyPeriod: true,
}

/** Null when totals would be larger than the columns. */
export function totalsOf(month: MonthColumns): MonthTotals | null {
  let totals = known.get(month)
  if (totals === undefined) {
    totals = areasIn(month) > month.count ? null : countTotals(month)
    known.set(month, totals)
  }
  return totals
}

function countTotals(month: MonthColumns): MonthTotals {
  // 46 days hold 65,536 minutes, so a damaged month cannot overrun.
  const tally = new Tally(46, areasIn(month))
  countMonth(month, everything, tally, true, null)
  const { areaOpen, category, days, living, left } = tally
  const used = (counts: Uint32Array): Uint32Array =>
    counts.slice(0, 1 + counts.findLastIndex((count) => count > 0))
  return { areaOpen, category, days: used(days), living, left: used(left) }
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

export function livedIn(bytes: Uint32Array): number {
  let lived = 0
  for (let byte = 0; byte < 256; byte++) lived += bytes[byte]! * livedByte[byte]!
  return lived
}

export function add(counts: Uint32Array, more: Uint32Array, offset = 0): void {
  for (let i = 0; i < more.length; i++) counts[offset + i]! += more[i]!
}
