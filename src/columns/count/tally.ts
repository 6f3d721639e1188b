import { forEachRun, spansOf } from './area-runs.ts'
import type { MonthColumns } from './column-set.ts'
import { quantum } from '../../domain/answers/columns.ts'
import { fails, minutesInPeriod, type FilterRules } from './filter-rules.ts'
import { areaTotals, categoryTotals, kindTotals, type KeyedTotals } from './month-totals.ts'
import type { QuarterTotals } from './quarter-totals.ts'
import { countsAsLeft, dayOfMinute, livedByte, openByte } from './row-tables.ts'

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

  addWhole(month: WholeMonth, inPeriod: boolean): void {
    add(this.days, month.days, this.dayOffset)
    add(this.living, month.living)
    add(this.left, month.left)
    if (!inPeriod) return
    add(this.areaOpen, month.areaOpen)
    add(this.category, month.category)
    add(this.passed, month.living)
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
}

/**
 * Counts for the facets that ignore the period.
 * @param areas failing bits by `Area.idx`; may be stricter than the rules'
 */
export function countOutside(
  month: MonthColumns,
  rules: FilterRules,
  tally: Tally,
  areas: Uint8Array = rules.area,
): void {
  const { minute, area, category, stage, closedMonth, x, y } = month
  const { days, dayOffset, living, left } = tally
  const { category: categoryRules, stage: stageRules } = rules
  const [minX, minY, maxX, maxY] = rules.box ?? [0, 0, quantum, quantum]
  const isBoxed = rules.box !== null
  const isPicked = rules.hasAreas || areas !== rules.area
  const spans = spansOf(month, isPicked ? areas : null, rules.box)
  for (let span = 0; span < spans.length; span += 2)
    for (let i = spans[span]!, end = spans[span + 1]!; i < end; i++) {
      const s = stage[i]!
      if (areas[area[i]!]! | categoryRules[category[i]!]! | stageRules[s]!) continue
      if (isBoxed && (x[i]! < minX || x[i]! > maxX || y[i]! < minY || y[i]! > maxY)) continue
      days[dayOffset + dayOfMinute(minute[i]!)]!++
      living[s]!++
      left[closedMonth[i]! | countsAsLeft[s]!]!++
    }
}

/**
 * Returns how many rows pass.
 * @param skipped areas left out of all facets, by `Area.idx`; null for none
 */
export function countInside(
  month: MonthColumns,
  rules: FilterRules,
  tally: Tally,
  skipped: Uint8Array | null = null,
): number {
  const { minute, area, category, stage, closedMonth, x, y } = month
  const {
    areaOpen,
    category: byCategory,
    passed,
    otherStage,
    days,
    dayOffset,
    living,
    left,
  } = tally
  const { area: areaRules, category: categoryRules, stage: stageRules } = rules
  const { from, to } = minutesInPeriod(month, rules)
  const [minX, minY, maxX, maxY] = rules.box ?? [0, 0, quantum, quantum]
  const isBoxed = rules.box !== null
  const spans = spansOf(month, skipped, rules.box)
  let found = 0
  for (let span = 0; span < spans.length; span += 2)
    for (let i = spans[span]!, end = spans[span + 1]!; i < end; i++) {
      if (isBoxed && (x[i]! < minX || x[i]! > maxX || y[i]! < minY || y[i]! > maxY)) continue
      const a = area[i]!
      if (skipped && skipped[a] !== 0) continue
      const c = category[i]!
      const s = stage[i]!
      const m = minute[i]!
      const mask =
        areaRules[a]! |
        categoryRules[c]! |
        stageRules[s]! |
        (m < from || m >= to ? fails.period : 0)
      if ((mask & ~fails.period) === 0) {
        days[dayOffset + dayOfMinute(m)]!++
        living[s]!++
        left[closedMonth[i]! | countsAsLeft[s]!]!++
        if (mask !== 0) continue
        found++
        areaOpen[2 * a + openByte[s]!]!++
        byCategory[c]!++
        passed[s]!++
      } else if (mask === fails.area) areaOpen[2 * a + openByte[s]!]!++
      else if (mask === fails.category) byCategory[c]!++
      else if (mask === fails.stage) otherStage[s & 15]!++
    }
  return found
}

/**
 * Adds what `countOutside` counts, from totals. Returns false where rows must be read.
 * @param areas as there
 */
export function addOutside(
  month: MonthColumns,
  rules: FilterRules,
  tally: Tally,
  areas: Uint8Array | null,
): boolean {
  if (areas && !rules.onlyPlaces) return false
  const { category, stage } = rules
  const totals = areas
    ? areaTotals(month)
    : rules.hasStages
      ? kindTotals(month)
      : categoryTotals(month)
  if (!totals) return false
  const isPassing = (key: number): boolean =>
    areas
      ? areas[key] === 0
      : rules.hasStages
        ? (category[key >> 8]! | stage[key & 255]!) === 0
        : category[key] === 0
  for (let slot = 0; slot < totals.keys.length; slot++)
    if (isPassing(totals.keys[slot]!)) addKey(totals, slot, tally)
  return true
}

function addKey(totals: KeyedTotals, slot: number, tally: Tally): void {
  const { byDay, days, left, closings, byStage, stages } = totals
  for (let day = 0, at = slot * days; day < days; day++, at++)
    tally.days[tally.dayOffset + day]! += byDay[at]!
  for (let months = 0, at = slot * closings; months < closings; months++, at++)
    tally.left[months]! += left[at]!
  for (let place = 0, at = slot * stages.length; place < stages.length; place++, at++)
    tally.living[stages[place]!]! += byStage[at]!
}

/** Adds the facets of a quarter wholly in the period; `skipped` as in `countInside`. */
export function addQuarter(
  { areas, kinds, counts, ofKind }: QuarterTotals,
  rules: FilterRules,
  tally: Tally,
  skipped: Uint8Array | null,
): void {
  const kindRules = Uint8Array.from(
    kinds,
    (kind) => rules.category[kind >> 8]! | rules.stage[kind & 255]!,
  )
  const passing = (open: number): number[] =>
    [...kinds.keys()].filter((n) => kindRules[n] === 0 && openByte[kinds[n]! & 255] === open)
  const [shut, open] = [passing(0), passing(1)]
  const isEverywhere = !rules.hasAreas && !skipped
  const sums = isEverywhere ? ofKind : new Uint32Array(kinds.length)
  for (let slot = 0; slot < areas.length; slot++) {
    const area = areas[slot]!
    if (skipped && skipped[area] !== 0) continue
    const start = slot * kinds.length
    if ((rules.area[area]! & ~fails.area) === 0) {
      tally.areaOpen[2 * area]! += sumAt(counts, start, shut)
      tally.areaOpen[2 * area + 1]! += sumAt(counts, start, open)
    }
    if (isEverywhere || rules.area[area] !== 0) continue
    for (let n = 0; n < kinds.length; n++) sums[n]! += counts[start + n]!
  }
  for (let n = 0; n < kinds.length; n++) {
    const [category, stage] = [kinds[n]! >> 8, kinds[n]! & 255]
    if (kindRules[n] === 0) tally.passed[stage]! += sums[n]!
    if ((kindRules[n]! & ~fails.category) === 0) tally.category[category]! += sums[n]!
    if (kindRules[n] === fails.stage) tally.otherStage[stage & 15]! += sums[n]!
  }
}

function sumAt(counts: ArrayLike<number>, start: number, places: readonly number[]): number {
  let sum = 0
  for (let n = 0; n < places.length; n++) sum += counts[start + places[n]!]!
  return sum
}

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

/**
 * Returns how many rows pass.
 * @param byArea also counts rows that fail only by their area
 */
export function countMatches(
  month: MonthColumns,
  rules: FilterRules,
  byArea: Uint32Array | null,
): number {
  const { count, minute, area, category, stage, x, y } = month
  const { area: areaRules, category: categoryRules, stage: stageRules } = rules
  const { from, to } = minutesInPeriod(month, rules)
  const [minX, minY, maxX, maxY] = rules.box ?? [0, 0, quantum, quantum]
  const isBoxed = rules.box !== null
  let matches = 0
  if (rules.onlyPlaces && !isBoxed && from === 0 && to >= 44_640) {
    forEachRun(month, (idx, length) => {
      if (byArea) byArea[idx]! += length
      if (areaRules[idx] === 0) matches += length
    })
    return matches
  }
  for (let i = 0; i < count; i++) {
    const m = minute[i]!
    if (m < from || m >= to || categoryRules[category[i]!]! | stageRules[stage[i]!]!) continue
    if (isBoxed && (x[i]! < minX || x[i]! > maxX || y[i]! < minY || y[i]! > maxY)) continue
    const a = area[i]!
    if (byArea) byArea[a]!++
    if (areaRules[a] === 0) matches++
  }
  return matches
}

/** Counts of a month where all rows pass, except perhaps the period. */
export interface WholeMonth extends Pick<Tally, 'areaOpen' | 'category' | 'days' | 'living'> {
  /** By months from report to close. */
  left: Uint32Array
}

/** Months are replaced, never changed. */
const wholeMonths = new WeakMap<MonthColumns, WholeMonth | null>()

const everything: FilterRules = {
  area: new Uint8Array(65_536),
  category: new Uint8Array(256),
  stage: new Uint8Array(256),
  fromDay: Number.NEGATIVE_INFINITY,
  toDay: Number.POSITIVE_INFINITY,
  box: null,
  due: null,
  onlyPeriod: true,
  onlyPlaces: true,
  hasAreas: false,
  hasStages: false,
}

/** Null when totals would be larger than the columns. */
export function wholeMonth(month: MonthColumns): WholeMonth | null {
  let totals = wholeMonths.get(month)
  if (totals === undefined) {
    totals = areasIn(month) > month.count ? null : countWhole(month)
    wholeMonths.set(month, totals)
  }
  return totals
}

function countWhole(month: MonthColumns): WholeMonth {
  // 46 days hold 65,536 minutes, so a damaged month cannot overrun.
  const tally = new Tally(46, areasIn(month))
  countInside(month, everything, tally)
  const { areaOpen, category, days, living, left } = tally
  const used = (counts: Uint32Array): Uint32Array =>
    counts.slice(0, 1 + counts.findLastIndex((count) => count > 0))
  return { areaOpen, category, days: used(days), living, left: used(left) }
}

export function livedIn(bytes: Uint32Array): number {
  let lived = 0
  for (let byte = 0; byte < 256; byte++) lived += bytes[byte]! * livedByte[byte]!
  return lived
}

export function add(counts: Uint32Array, more: Uint32Array, offset = 0): void {
  for (let i = 0; i < more.length; i++) counts[offset + i]! += more[i]!
}
