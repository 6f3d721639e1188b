import type { MonthColumns } from './column-set.ts'
import { kindKey, placesOf, slotsOf, smallest } from './month-totals.ts'

/** Counts of up to three months by area, category and stage byte. */
export interface QuarterTotals {
  /** `Area.idx` and `kindKey`, ascending, only those with rows. */
  areas: Uint16Array
  kinds: Uint16Array
  /** Area by area, a place for each kind. */
  counts: Uint16Array | Uint32Array
  /** By kind, of all areas. */
  ofKind: Uint32Array
}

/** By the first month; valid for the same months. Months are replaced, never changed. */
const known = new WeakMap<
  MonthColumns,
  { months: readonly MonthColumns[]; totals: QuarterTotals | null }
>()

/** Rows for each place of the table, at least: else rows are as fast and smaller. */
const minRowsAPlace = 2

/** Null where rows are better. */
export function quarterTotals(months: readonly MonthColumns[]): QuarterTotals | null {
  const before = known.get(months[0]!)
  if (before?.months.length === months.length && months.every((one, n) => one === before.months[n]))
    return before.totals
  const totals = countTotals(months)
  known.set(months[0]!, { months, totals })
  return totals
}

/** Months of the same quarter behind each other. */
export const byQuarter = (months: readonly MonthColumns[]): MonthColumns[][] => [
  ...Map.groupBy(months, ({ monthNumber }) => Math.floor(monthNumber / 3)).values(),
]

function countTotals(months: readonly MonthColumns[]): QuarterTotals | null {
  const isArea = new Uint8Array(65_536)
  const isKind = new Uint8Array(65_536)
  let rows = 0
  for (const { count, area, category, stage } of months) {
    rows += count
    for (let row = 0; row < count; row++) {
      isArea[area[row]!] = 1
      isKind[kindKey(category[row]!, stage[row]!)] = 1
    }
  }
  const areas = Uint16Array.from(placesOf(isArea))
  const kinds = Uint16Array.from(placesOf(isKind))
  if (areas.length * kinds.length * minRowsAPlace > rows) return null
  const slotOfArea = slotsOf(areas, 65_536)
  const slotOfKind = slotsOf(kinds, 65_536)
  const counts = new Uint32Array(areas.length * kinds.length)
  for (const { count, area, category, stage } of months)
    for (let row = 0; row < count; row++)
      counts[
        slotOfArea[area[row]!]! * kinds.length + slotOfKind[kindKey(category[row]!, stage[row]!)]!
      ]!++
  const ofKind = new Uint32Array(kinds.length)
  for (let at = 0; at < counts.length; at++) ofKind[at % kinds.length]! += counts[at]!
  return { areas, kinds, counts: smallest(counts), ofKind }
}
