import type { MonthColumns } from './column-set.ts'
import { notClosedMonth } from '../../domain/answers/columns.ts'
import { countsAsLeft, dayOfMinute } from './row-tables.ts'

type Counts = Uint16Array | Uint32Array

/** Counts of a month by a key of its rows: an area, a category, or a category with a stage byte. */
export interface KeyedTotals {
  /** Ascending, only those with rows. */
  keys: Uint16Array
  /** Key by key, `days` places each. */
  byDay: Counts
  days: number
  /** Key by key, `closings` places each, by months from report to close. */
  left: Counts
  closings: number
  /** Key by key, a place for each of `stages`. */
  byStage: Counts
  /** Stage bytes, ascending, only those with rows. */
  stages: Uint8Array
}

/** Places of a table for each row that it stands for, at most: else rows are as fast and smaller. */
const maxPlacesARow = 2

/** Months are replaced, never changed. */
const byCategory = new WeakMap<MonthColumns, KeyedTotals | null>()
const byKind = new WeakMap<MonthColumns, KeyedTotals | null>()
const byArea = new WeakMap<MonthColumns, KeyedTotals | null>()

export const kindKey = (category: number, stage: number): number => (category << 8) | stage

/** By `kindKey`. Null where rows are better. */
export function kindTotals(month: MonthColumns): KeyedTotals | null {
  const { category, stage } = month
  return remembered(byKind, month, (row) => kindKey(category[row]!, stage[row]!))
}

/** By `Category.idx`. Null where rows are better. */
export function categoryTotals(month: MonthColumns): KeyedTotals | null {
  const { category } = month
  return remembered(byCategory, month, (row) => category[row]!)
}

/** By `Area.idx`. Null where rows are better. */
export function areaTotals(month: MonthColumns): KeyedTotals | null {
  const { area } = month
  return remembered(byArea, month, (row) => area[row]!)
}

function remembered(
  known: WeakMap<MonthColumns, KeyedTotals | null>,
  month: MonthColumns,
  keyOf: (row: number) => number,
): KeyedTotals | null {
  let totals = known.get(month)
  if (totals === undefined) {
    totals = countTotals(month, keyOf)
    known.set(month, totals)
  }
  return totals
}

function countTotals(month: MonthColumns, keyOf: (row: number) => number): KeyedTotals | null {
  const { count, minute, stage, closedMonth } = month
  const isKey = new Uint8Array(65_536)
  const isStage = new Uint8Array(256)
  let [days, closings] = [0, 0]
  for (let row = 0; row < count; row++) {
    isKey[keyOf(row)] = 1
    isStage[stage[row]!] = 1
    days = Math.max(days, dayOfMinute(minute[row]!) + 1)
    const closing = closedMonth[row]! | countsAsLeft[stage[row]!]!
    if (closing !== notClosedMonth) closings = Math.max(closings, closing + 1)
  }
  const keys = Uint16Array.from(placesOf(isKey))
  const stages = Uint8Array.from(placesOf(isStage))
  const places = keys.length * (days + closings + stages.length)
  if (places > maxPlacesARow * count) return null
  const slotOfKey = slotsOf(keys, 65_536)
  const slotOfStage = slotsOf(stages, 256)
  const byDay = new Uint32Array(keys.length * days)
  const left = new Uint32Array(keys.length * closings)
  const byStage = new Uint32Array(keys.length * stages.length)
  for (let row = 0; row < count; row++) {
    const slot = slotOfKey[keyOf(row)]!
    const s = stage[row]!
    byDay[slot * days + dayOfMinute(minute[row]!)]!++
    byStage[slot * stages.length + slotOfStage[s]!]!++
    const closing = closedMonth[row]! | countsAsLeft[s]!
    if (closing !== notClosedMonth) left[slot * closings + closing]!++
  }
  return {
    keys,
    byDay: smallest(byDay),
    days,
    left: smallest(left),
    closings,
    byStage: smallest(byStage),
    stages,
  }
}

export const smallest = (counts: Uint32Array): Counts =>
  counts.every((count) => count < 65_536) ? Uint16Array.from(counts) : counts

export function placesOf(marks: Uint8Array): number[] {
  const places: number[] = []
  for (let at = 0; at < marks.length; at++) if (marks[at]) places.push(at)
  return places
}

/** The place of each value in a list. */
export function slotsOf(values: ArrayLike<number>, length: number): Uint16Array {
  const slots = new Uint16Array(length)
  for (let slot = 0; slot < values.length; slot++) slots[values[slot]!] = slot
  return slots
}
