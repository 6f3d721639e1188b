import { pChart, type PChart } from '../../stats/p-chart.ts'
import { shareDifference, type ShareDifference } from '../../stats/proportion.ts'
import { wilson, type Share } from '../../stats/wilson.ts'
import { xmrChart, type XmrChart } from '../../stats/xmr.ts'

interface Counted {
  count: number
  n: number
}

/** With Wilson's 95 % interval. */
export const judgedShare = ({ count, n }: Counted): Share => wilson(count, n)

/** Now minus before, with Newcombe's 95 % interval; all null where one of the two has no answers. */
export const judgedChange = (now: Counted, before: Counted): ShareDifference =>
  shareDifference(now, before)

/**
 * The trend of points in order, each with answers; higher is better. Limits are drawn within 0 and 1,
 * since no share lies beyond; special causes rest on the limits as computed.
 */
export function judgedTrend(months: readonly Counted[], target: number | null = null): XmrChart {
  const chart = xmrChart(
    months.map(({ count, n }) => count / n),
    { better: 'high', target },
  )
  if (!chart.limits) return chart
  const { low, high, nearLow, nearHigh } = chart.limits
  const drawn = {
    ...{ low: inside(low), high: inside(high) },
    ...{ nearLow: inside(nearLow), nearHigh: inside(nearHigh) },
  }
  return { ...chart, limits: { ...chart.limits, ...drawn } }
}
/** The same shares against limits that know how many answers each rests on; see `pChart`. */
export const judgedShares = (points: readonly Counted[]): PChart =>
  pChart(
    points.map(({ count }) => count),
    points.map(({ n }) => n),
  )

const inside = (value: number): number => Math.min(1, Math.max(0, value))
