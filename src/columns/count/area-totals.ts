import type { MonthColumns } from './column-set.ts'
import { kindRuns } from './kind-runs.ts'
import { countByPlace, type PlaceTotals } from './place-totals.ts'

/** Months are replaced, never changed. */
const byArea = new WeakMap<MonthColumns, PlaceTotals | null>()
const byRun = new WeakMap<MonthColumns, PlaceTotals | null>()

/** By `Area.idx`. Null where rows are better. */
export function areaTotals(month: MonthColumns): PlaceTotals | null {
  let totals = byArea.get(month)
  if (totals === undefined) {
    const { area } = month
    totals = countByPlace(month, (row) => area[row]!)
    byArea.set(month, totals)
  }
  return totals
}

/** By run of `kindRuns`. Null where rows are better. */
export function runTotals(month: MonthColumns): PlaceTotals | null {
  let totals = byRun.get(month)
  if (totals === undefined) {
    const { starts } = kindRuns(month)
    let run = 0
    // rows come in order, twice
    const runOf = (row: number): number => {
      if (row === 0) run = 0
      while (row >= starts[run + 1]!) run++
      return run
    }
    totals = starts.length > 65_536 ? null : countByPlace(month, runOf)
    byRun.set(month, totals)
  }
  return totals
}
