import type { MonthColumns } from './column-set.ts'
import { kindRuns } from './kind-runs.ts'
import { countByPlace, type PlaceTotals } from './place-totals.ts'

/** A run is of one category and stage. */
export type RunTotals = Pick<PlaceTotals, 'byDay' | 'left'>

/** Months are replaced, never changed. */
const known = new WeakMap<MonthColumns, RunTotals | null>()

/** By run of `kindRuns`. Null where rows are better. */
export function runTotals(month: MonthColumns): RunTotals | null {
  let totals = known.get(month)
  if (totals === undefined) {
    const { starts } = kindRuns(month)
    let run = 0
    // rows come in order, twice
    const runOf = (row: number): number => {
      if (row === 0) run = 0
      while (row >= starts[run + 1]!) run++
      return run
    }
    const counted = starts.length > 65_536 ? null : countByPlace(month, runOf)
    totals = counted && { byDay: counted.byDay, left: counted.left }
    known.set(month, totals)
  }
  return totals
}
