import { areaTotals } from './area-totals.ts'
import { boxTiles } from './box-tiles.ts'
import { runTotals } from './run-totals.ts'
import type { MonthColumns } from './column-set.ts'
import { countRows } from './count-rows.ts'
import type { FilterRules } from './filter-rules.ts'
import { totalsOf } from './month-totals.ts'
import { pickInTiles, pickRows, rowRoom, type Minutes } from './pick-rows.ts'
import type { Span } from './span.ts'
import { addDaysAndClosings, type PlaceTotals } from './place-totals.ts'
import { dayOfMinute, neverLeft, openByte } from './row-tables.ts'
import { add, type Tally } from './tally.ts'
import { tileColumn } from './tile-column.ts'
import { tileTotals, type TileTotals } from './tile-totals.ts'

type Box = NonNullable<FilterRules['box']>

/**
 * Counts a month from totals where they answer, else from its rows.
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
  tally.startMonth()
  if (!rules.onlyPlaces || minutes || !addTotals(month, rules, tally, inPeriod))
    return countRows(month, rules, tally, inPeriod, minutes)
  if (!inPeriod) return 0
  add(tally.passed, tally.living)
  return tally.living.reduce((sum, count) => sum + count, 0)
}

/** From here on making totals takes so long that the first filter would be felt to wait. */
const manyRows = 20_000

/** So that the first filter is answered as fast as later ones. */
export function prepareTotals(month: MonthColumns): void {
  if (month.count < manyRows) return
  totalsOf(month)
  areaTotals(month)
  runTotals(month)
  tileTotals(month)
  tileColumn(month)
}

/** Adds all but what passes by stage. Returns false where only rows of each kind answer. */
function addTotals(
  month: MonthColumns,
  rules: FilterRules,
  tally: Tally,
  inPeriod: boolean,
): boolean {
  const whole = totalsOf(month)
  if (!whole || (rules.hasAreas && rules.box)) return false
  if (rules.onlyPeriod) tally.addMonth(whole, inPeriod)
  else if (rules.box) addBox(month, rules, rules.box, tally, inPeriod)
  else {
    if (inPeriod) add(tally.areaOpen, whole.areaOpen)
    addAreas(month, rules, tally, inPeriod)
  }
  return true
}

/** Adds all but areas. */
function addAreas(month: MonthColumns, rules: FilterRules, tally: Tally, inPeriod: boolean): void {
  const totals = areaTotals(month)
  if (!totals) {
    const room = rowRoom(month.count + 1)
    addListed(month, room, pickRows(month, rules, null, allOf(month), room), tally, inPeriod)
    return
  }
  for (let slot = 0; slot < totals.places.length; slot++)
    if (rules.area[totals.places[slot]!] === 0) addPlace(totals, slot, tally, inPeriod)
}

/** Adds tiles wholly in the box; only rows between them and its border are looked at. */
function addBox(
  month: MonthColumns,
  rules: FilterRules,
  box: Box,
  tally: Tally,
  inPeriod: boolean,
): void {
  const { inside, edge } = boxTiles(box)
  const totals = tileTotals(month)
  if (totals) addTiles(totals, inside, tally, inPeriod)
  const room = rowRoom(month.count + 1)
  const found = totals
    ? pickInTiles(month, edge, box, allOf(month), room)
    : pickRows(month, rules, null, allOf(month), room)
  if (inPeriod) addListedWithAreas(month, room, found, tally)
  else addListed(month, room, found, tally, false)
}

function addTiles(totals: TileTotals, inside: Uint8Array, tally: Tally, inPeriod: boolean): void {
  const { places, areas, areaCounts, areaStarts } = totals
  for (let slot = 0; slot < places.length; slot++) {
    if (inside[places[slot]!] === 0) continue
    addPlace(totals, slot, tally, inPeriod)
    if (!inPeriod) continue
    for (let at = areaStarts[slot]!; at < areaStarts[slot + 1]!; at++)
      tally.areaOpen[areas[at]!]! += areaCounts[at]!
  }
}

const allOf = ({ count }: MonthColumns): Span => ({ start: 0, end: count, step: 1 })

/** Adds all but areas. */
function addPlace(totals: PlaceTotals, slot: number, tally: Tally, inPeriod: boolean): void {
  const { byStage, byCategory, stages, categories } = totals
  addDaysAndClosings(totals, slot, tally)
  for (let n = 0, at = slot * byStage.width; n < byStage.width; n++, at++)
    tally.living[stages[n]!]! += byStage.counts[at]!
  if (!inPeriod) return
  for (let n = 0, at = slot * byCategory.width; n < byCategory.width; n++, at++)
    tally.category[categories[n]!]! += byCategory.counts[at]!
}

/** Adds all but areas. */
function addListed(
  { minute, stage, closedMonth, category }: MonthColumns,
  rows: Uint32Array,
  count: number,
  tally: Tally,
  inPeriod: boolean,
): void {
  const { days, dayOffset, left, living, category: byCategory } = tally
  for (let at = 0; at < count; at++) {
    const row = rows[at]!
    const s = stage[row]!
    days[dayOffset + dayOfMinute(minute[row]!)]!++
    left[closedMonth[row]! | neverLeft[s]!]!++
    living[s]!++
  }
  if (inPeriod) for (let at = 0; at < count; at++) byCategory[category[rows[at]!]!]!++
}

/** In one loop: rows at the edge of a box lie far apart, so each is fetched from memory once. */
function addListedWithAreas(
  { minute, stage, closedMonth, category, area }: MonthColumns,
  rows: Uint32Array,
  count: number,
  { days, dayOffset, left, living, category: byCategory, areaOpen }: Tally,
): void {
  for (let at = 0; at < count; at++) {
    const row = rows[at]!
    const s = stage[row]!
    days[dayOffset + dayOfMinute(minute[row]!)]!++
    left[closedMonth[row]! | neverLeft[s]!]!++
    living[s]!++
    byCategory[category[row]!]!++
    areaOpen[2 * area[row]! + openByte[s]!]!++
  }
}
