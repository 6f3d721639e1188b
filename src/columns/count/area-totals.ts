import type { MonthColumns } from './column-set.ts'
import { countByPlace, type PlaceTotals } from './place-totals.ts'

/** Months are replaced, never changed. */
const known = new WeakMap<MonthColumns, PlaceTotals | null>()

/** By `Area.idx`. Null where rows are better. */
export function areaTotals(month: MonthColumns): PlaceTotals | null {
  let totals = known.get(month)
  if (totals === undefined) {
    const { area } = month
    totals = countByPlace(month, (row) => area[row]!)
    known.set(month, totals)
  }
  return totals
}
