import type { MonthColumns } from './column-set.ts'
import { notClosedMonth } from '../../domain/answers/columns.ts'
import { categoryOfKind, kindRuns, stageOfKind } from './kind-runs.ts'
import { dayOfMinute, neverLeft } from './row-tables.ts'
import type { Tally } from './tally.ts'

export type Counts = Uint16Array | Uint32Array

/** Counts of a month by place: an area, a tile, or, in a wider sense, a kind. */
export interface PlaceTotals {
  /** Ascending, only those with rows. */
  places: Uint16Array
  /** Place by place: so many days, closings by months from report to close, and so on. */
  byDay: Table
  left: Table
  /** By the place of a value in `stages` and `categories`. */
  byStage: Table
  byCategory: Table
  /** Stage bytes and `Category.idx`, ascending, only those with rows. */
  stages: Uint8Array
  categories: Uint8Array
}
interface Table {
  counts: Counts
  width: number
}

/** Below, rows are fast enough. */
const minRows = 2000
/** Hardly a month of many rows has fewer. */
const minDays = 28
/** Counts for each row, at most: else rows are as fast and smaller. */
const maxCountsARow = 1

/** @returns null where rows are better */
export function countByPlace(
  month: MonthColumns,
  placeOf: (row: number) => number,
): PlaceTotals | null {
  const { count, minute, stage, category, closedMonth } = month
  if (count < minRows) return null
  const isPlace = new Uint8Array(65_536)
  for (let row = 0; row < count; row++) isPlace[placeOf(row)] = 1
  const places = Uint16Array.from(marked(isPlace))
  const { kinds } = kindRuns(month)
  const stages = Uint8Array.from(new Set(kinds.map(stageOfKind))).sort()
  const categories = Uint8Array.from(new Set(kinds.map(categoryOfKind))).sort()
  const most = (maxCountsARow * count) / places.length - stages.length - categories.length
  if (most < minDays) return null
  let [days, closings] = [0, 0]
  for (let row = 0; row < count; row++) {
    days = Math.max(days, dayOfMinute(minute[row]!) + 1)
    const closing = closedMonth[row]! | neverLeft[stage[row]!]!
    if (closing !== notClosedMonth) closings = Math.max(closings, closing + 1)
  }
  if (days + closings > most) return null

  const slotOfPlace = slotsOf(places, 65_536)
  const slotOfStage = slotsOf(stages, 256)
  const slotOfCategory = slotsOf(categories, 256)
  const byDay = new Uint32Array(places.length * days)
  const left = new Uint32Array(places.length * closings)
  const byStage = new Uint32Array(places.length * stages.length)
  const byCategory = new Uint32Array(places.length * categories.length)
  for (let row = 0; row < count; row++) {
    const slot = slotOfPlace[placeOf(row)]!
    const s = stage[row]!
    byDay[slot * days + dayOfMinute(minute[row]!)]!++
    byStage[slot * stages.length + slotOfStage[s]!]!++
    byCategory[slot * categories.length + slotOfCategory[category[row]!]!]!++
    const closing = closedMonth[row]! | neverLeft[s]!
    if (closing !== notClosedMonth) left[slot * closings + closing]!++
  }
  return {
    ...{ places, stages, categories },
    byDay: { counts: smallest(byDay), width: days },
    left: { counts: smallest(left), width: closings },
    byStage: { counts: smallest(byStage), width: stages.length },
    byCategory: { counts: smallest(byCategory), width: categories.length },
  }
}

/** Half the bytes where they suffice. Not fewer: loops that meet one kind of array are faster. */
export function smallest(counts: Uint32Array): Counts {
  const most = counts.reduce((max, count) => (count > max ? count : max), 0)
  return most < 65_536 ? Uint16Array.from(counts) : counts
}

function marked(marks: Uint8Array): number[] {
  const found: number[] = []
  for (let at = 0; at < marks.length; at++) if (marks[at]) found.push(at)
  return found
}

/** The place of each value in a list. */
function slotsOf(values: ArrayLike<number>, length: number): Uint16Array {
  const slots = new Uint16Array(length)
  for (let slot = 0; slot < values.length; slot++) slots[values[slot]!] = slot
  return slots
}

export function addDaysAndClosings(
  { byDay, left }: Pick<PlaceTotals, 'byDay' | 'left'>,
  slot: number,
  tally: Tally,
): void {
  const { days, dayOffset, left: closings } = tally
  for (let day = 0, at = slot * byDay.width; day < byDay.width; day++, at++)
    days[dayOffset + day]! += byDay.counts[at]!
  for (let months = 0, at = slot * left.width; months < left.width; months++, at++)
    closings[months]! += left.counts[at]!
}
