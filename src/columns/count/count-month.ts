import { areaTotals, runTotals } from './area-totals.ts'
import type { MonthColumns } from './column-set.ts'
import { countRows } from './count-rows.ts'
import type { FilterRules } from './filter-rules.ts'
import { totalsOf } from './month-totals.ts'
import { pickBetween, rowRoom, type Minutes } from './pick-rows.ts'
import { addDaysAndClosings, type PlaceTotals } from './place-totals.ts'
import { dayOfMinute, neverLeft, openByte } from './row-tables.ts'
import { add, type Tally } from './tally.ts'
import { holdsTile, tilesInside, tileTotals, type TileTotals } from './tile-totals.ts'

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

/** So that the first filter is answered as fast as later ones. */
export function prepareTotals(month: MonthColumns): void {
  totalsOf(month)
  areaTotals(month)
  runTotals(month)
  tileTotals(month)
}

/** Adds all but what passes by stage. Returns false where rows are better. */
function addTotals(
  month: MonthColumns,
  rules: FilterRules,
  tally: Tally,
  inPeriod: boolean,
): boolean {
  const whole = totalsOf(month)
  if (!whole) return false
  if (rules.onlyPeriod) tally.addMonth(whole, inPeriod)
  else if (!rules.box) {
    const areas = areaTotals(month)
    if (!areas) return false
    if (inPeriod) add(tally.areaOpen, whole.areaOpen)
    for (let slot = 0; slot < areas.places.length; slot++)
      if (rules.area[areas.places[slot]!] === 0) addPlace(areas, slot, tally, inPeriod)
  } else {
    const inside = rules.hasAreas ? null : tilesInside(rules.box)
    const tiles = inside && tileTotals(month)
    if (!tiles) return false
    addBox(month, rules.box, inside, tiles, tally, inPeriod)
  }
  return true
}

function addPlace(totals: PlaceTotals, slot: number, tally: Tally, inPeriod: boolean): void {
  const { byStage, byCategory, stages, categories } = totals
  addDaysAndClosings(totals, slot, tally)
  for (let n = 0, at = slot * byStage.width; n < byStage.width; n++, at++)
    tally.living[stages[n]!]! += byStage.counts[at]!
  if (!inPeriod) return
  for (let n = 0, at = slot * byCategory.width; n < byCategory.width; n++, at++)
    tally.category[categories[n]!]! += byCategory.counts[at]!
}

/** Tiles wholly in the box are added, rows in its border are looked at. */
function addBox(
  month: MonthColumns,
  box: Box,
  inside: Box,
  tiles: TileTotals,
  tally: Tally,
  inPeriod: boolean,
): void {
  const { places, areas, areaCounts, areaStarts } = tiles
  for (let slot = 0; slot < places.length; slot++) {
    if (!holdsTile(inside, places[slot]!)) continue
    addPlace(tiles, slot, tally, inPeriod)
    if (!inPeriod) continue
    for (let at = areaStarts[slot]!; at < areaStarts[slot + 1]!; at++)
      tally.areaOpen[areas[at]!]! += areaCounts[at]!
  }
  const room = rowRoom(month.count + 1)
  addListed(month, room, pickBetween(month, box, inside, room), tally, inPeriod)
}

function addListed(
  { minute, stage, closedMonth, area, category }: MonthColumns,
  rows: Uint32Array,
  count: number,
  tally: Tally,
  inPeriod: boolean,
): void {
  const { days, dayOffset, left, living, areaOpen, category: byCategory } = tally
  for (let at = 0; at < count; at++) {
    const row = rows[at]!
    const s = stage[row]!
    days[dayOffset + dayOfMinute(minute[row]!)]!++
    left[closedMonth[row]! | neverLeft[s]!]!++
    living[s]!++
  }
  if (!inPeriod) return
  for (let at = 0; at < count; at++) {
    const row = rows[at]!
    areaOpen[2 * area[row]! + openByte[stage[row]!]!]!++
    byCategory[category[row]!]!++
  }
}
