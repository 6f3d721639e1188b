import type { MonthColumns } from './column-set.ts'
import { countRows } from './count-rows.ts'
import type { FilterRules } from './filter-rules.ts'
import { Tally, type MonthTotals } from './tally.ts'

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
  hasAreas: false,
  onlyPeriod: true,
  onlyPlaces: true,
}

/** Null when totals would be larger than the columns. */
export function totalsOf(month: MonthColumns): MonthTotals | null {
  let totals = known.get(month)
  if (totals === undefined) {
    totals = areasIn(month) > month.count ? null : countTotals(month)
    known.set(month, totals)
  }
  return totals
}

function countTotals(month: MonthColumns): MonthTotals {
  // 46 days hold 65,536 minutes, so a damaged month cannot overrun.
  const tally = new Tally(46, areasIn(month))
  countRows(month, everything, tally, true, null)
  const { areaOpen, category, days, living, left } = tally
  const used = (counts: Uint32Array): Uint32Array =>
    counts.slice(0, 1 + counts.findLastIndex((count) => count > 0))
  return { areaOpen, category, days: used(days), living, left: used(left) }
}
