import { rowsByCategory, rowsOfCategories } from './category-rows.ts'
import type { MonthColumns } from './column-set.ts'
import { notClosedMonth, quantum } from '../../domain/answers/columns.ts'
import { fails, minutesInPeriod, type FilterRules } from './filter-rules.ts'
import { isOpenStage, stages } from '../../domain/vocabulary.ts'

const closedStage = stages.indexOf('closed')
/** 1 for open stages. */
const openByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  const stage = stages[byte & 15]
  return stage && isOpenStage(stage) ? 1 : 0
})
/** 1 for stages that enter the backlog (open and closed). */
const livedByte = Uint8Array.from({ length: 256 }, (_, byte) =>
  openByte[byte] || (byte & 15) === closedStage ? 1 : 0,
)
/** Or-ed to a closing month: rejected and merged incidents never leave the backlog. */
const neverLeft = livedByte.map((lived) => (lived ? 0 : notClosedMonth))

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

  /** Adds a month where all rows pass, except perhaps the period. Leaves the backlog out. */
  addMonth(month: MonthTotals, inPeriod: boolean): void {
    add(this.days, month.days, this.dayOffset)
    if (!inPeriod) return
    add(this.areaOpen, month.areaOpen)
    add(this.category, month.category)
    add(this.passed, month.living)
  }
}

/** Counts for the facets that ignore the period. */
export function countOutside(month: MonthColumns, rules: FilterRules, tally: Tally): void {
  const { count, minute, area, category, stage, closedMonth, x, y } = month
  const { days, dayOffset, living, left } = tally
  const { area: areaRules, category: categoryRules, stage: stageRules } = rules
  const [minX, minY, maxX, maxY] = rules.box ?? [0, 0, quantum, quantum]
  const isBoxed = rules.box !== null
  for (let i = 0; i < count; i++) {
    const s = stage[i]!
    if (areaRules[area[i]!]! | categoryRules[category[i]!]! | stageRules[s]!) continue
    if (isBoxed && (x[i]! < minX || x[i]! > maxX || y[i]! < minY || y[i]! > maxY)) continue
    days[dayOffset + dayOfMinute(minute[i]!)]!++
    living[s]!++
    left[closedMonth[i]! | neverLeft[s]!]!++
  }
}

/** Returns the passing rows. */
export function countInside(month: MonthColumns, rules: FilterRules, tally: Tally): Uint32Array {
  const { count, minute, area, category, stage, closedMonth, x, y } = month
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
  const rows = new Uint32Array(count)
  let found = 0
  for (let i = 0; i < count; i++) {
    if (isBoxed && (x[i]! < minX || x[i]! > maxX || y[i]! < minY || y[i]! > maxY)) continue
    const a = area[i]!
    const c = category[i]!
    const s = stage[i]!
    const m = minute[i]!
    const mask =
      areaRules[a]! | categoryRules[c]! | stageRules[s]! | (m < from || m >= to ? fails.period : 0)
    if ((mask & ~fails.period) === 0) {
      days[dayOffset + dayOfMinute(m)]!++
      living[s]!++
      left[closedMonth[i]! | neverLeft[s]!]!++
      if (mask !== 0) continue
      rows[found++] = i
      areaOpen[2 * a + openByte[s]!]!++
      byCategory[c]!++
      passed[s]!++
    } else if (mask === fails.area) areaOpen[2 * a + openByte[s]!]!++
    else if (mask === fails.category) byCategory[c]!++
    else if (mask === fails.stage) otherStage[s & 15]!++
  }
  return rows.subarray(0, found)
}

/** Counts a month wholly inside or outside the period, for a filter of categories. */
export function countCategories(
  month: MonthColumns,
  categories: readonly number[],
  tally: Tally,
  inPeriod: boolean,
): Uint32Array {
  const { minute, area, stage, closedMonth } = month
  const { areaOpen, category: byCategory, passed, days, dayOffset, living, left } = tally
  const sorted = rowsByCategory(month)
  const rows = rowsOfCategories(sorted, categories)
  for (let n = 0; n < rows.length; n++) {
    const i = rows[n]!
    const s = stage[i]!
    days[dayOffset + dayOfMinute(minute[i]!)]!++
    living[s]!++
    left[closedMonth[i]! | neverLeft[s]!]!++
  }
  if (!inPeriod) return rows.subarray(0, 0)
  for (let n = 0; n < rows.length; n++) {
    const i = rows[n]!
    areaOpen[2 * area[i]! + openByte[stage[i]!]!]!++
  }
  add(passed, living)
  const { starts } = sorted
  for (let idx = 0; idx < 256; idx++) byCategory[idx]! += starts[idx + 1]! - starts[idx]!
  return rows
}

/** `Math.floor(minute / 1440)` without a division. */
const dayOfMinute = (minute: number): number => Math.imul(minute, 46_604) >>> 26

export interface MonthTotals extends Pick<Tally, 'areaOpen' | 'category' | 'days' | 'living'> {
  entered: number
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
  onlyPeriod: true,
  onlyCategories: null,
}

/** Null when totals would be larger than the columns. */
export function totalsOf(month: MonthColumns): MonthTotals | null {
  let totals = known.get(month)
  if (totals === undefined) {
    totals = countTotals(month)
    known.set(month, totals)
  }
  return totals
}

function countTotals(month: MonthColumns): MonthTotals | null {
  const areas = areasIn(month)
  if (areas > month.count) return null
  // 46 days hold 65,536 minutes, so a damaged month cannot overrun.
  const tally = new Tally(46, areas)
  countInside(month, everything, tally)
  const { areaOpen, category, days, living, left } = tally
  const used = (counts: Uint32Array): Uint32Array =>
    counts.slice(0, 1 + counts.findLastIndex((count) => count > 0))
  return {
    areaOpen,
    category,
    days: used(days),
    living,
    entered: livedIn(living),
    left: used(left.subarray(0, notClosedMonth)),
  }
}

/**
 * Counts passing rows.
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

export function livedIn(bytes: Uint32Array): number {
  let lived = 0
  for (let byte = 0; byte < 256; byte++) lived += bytes[byte]! * livedByte[byte]!
  return lived
}

export function add(counts: Uint32Array, more: Uint32Array, offset = 0): void {
  for (let i = 0; i < more.length; i++) counts[offset + i]! += more[i]!
}
