import { areaBoxes } from './area-runs.ts'
import type { MonthColumns } from './column-set.ts'
import { fails, periodCover, type FilterRules } from './filter-rules.ts'
import { byQuarter, quarterTotals, type QuarterTotals } from './quarter-totals.ts'

/** What a filter needs no rows for. */
export interface Shortcuts {
  /** Wholly in the period. */
  quarters: readonly QuarterTotals[]
  /** Their months. */
  inQuarters: ReadonlySet<MonthColumns>
  /** Null without a box, and where rows must be read all the same. */
  box: AreasOfBox | null
}

/** Failing bits by `Area.idx`. */
interface AreasOfBox {
  /** Areas with all their incidents in the box pass, or only the other ones. */
  notInside: Uint8Array
  isInside: Uint8Array
  /** The same with the filter's areas. */
  inside: Uint8Array
  border: Uint8Array
}

const nothing: Shortcuts = { quarters: [], inQuarters: new Set(), box: null }

export function findShortcuts(months: readonly MonthColumns[], rules: FilterRules): Shortcuts {
  if (rules.due) return nothing
  const box = rules.box && areasOfBox(months, rules.box, rules.area)
  if (rules.box && !box) return nothing
  const inQuarters = new Set<MonthColumns>()
  const quarters: QuarterTotals[] = []
  if (rules.onlyPeriod) return { quarters, inQuarters, box }
  for (const quarter of byQuarter(months)) {
    if (quarter.some((month) => periodCover(month, rules) !== 'whole')) continue
    const totals = quarterTotals(quarter)
    if (!totals) continue
    quarters.push(totals)
    for (const month of quarter) inQuarters.add(month)
  }
  return { quarters, inQuarters, box }
}

function areasOfBox(
  months: readonly MonthColumns[],
  [west, south, east, north]: NonNullable<FilterRules['box']>,
  chosen: Uint8Array,
): AreasOfBox | null {
  const boxes = areaBoxes(months)
  if (!boxes) return null
  const notInside = new Uint8Array(65_536).fill(fails.area)
  for (const [idx, [minX, minY, maxX, maxY]] of boxes)
    if (minX >= west && maxX <= east && minY >= south && maxY <= north) notInside[idx] = 0
  const isInside = notInside.map((bits) => bits ^ fails.area)
  return {
    notInside,
    isInside,
    inside: notInside.map((bits, idx) => bits | chosen[idx]!),
    border: isInside.map((bits, idx) => bits | chosen[idx]!),
  }
}
