import { compareCounts, type Change } from '../../stats/change.ts'
import type { DayCount } from './figures.ts'

/** Fewer in both together could not differ from chance: 6 against 0 have p = 0.03. */
const fewestToCompare = 6

/** Counts a day of two months, compared exactly; null where they are too few to tell anything. */
export function dayChange(now: DayCount, then: DayCount): Change | null {
  if (now.count + then.count < fewestToCompare) return null
  return compareCounts(now.count, then.count, {
    exposureNow: now.days,
    exposureBefore: then.days,
  })
}
