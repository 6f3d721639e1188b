import { stepDays } from '../../domain/answers/hotspots.ts'
import { repeatSteps } from '../../domain/answers/repeat-places.ts'
import { convexHullInParts } from '../../stats/convex-hull.ts'
import { eachRange, within, type InParts } from '../../stats/in-parts.ts'
import { pointGridInParts } from '../../stats/point-grid.ts'
import type { Cases } from './repeat-cases.ts'

/** A place in metres, slots and days since the first. */
export interface PlaceFigures {
  middle: readonly [number, number]
  radiusMetres: number
  /** Numbers of the members at its corners. */
  hull: number[]
  /** The first of the most frequent ones. */
  slot: number
  open: number
  days: number
  firstDay: number
  lastDay: number
  onOnePoint: number
  steps: number[]
}

/**
 * Describes a cluster, with pauses: it may hold a million.
 * @param members places in `cases`, ascending
 * @param stepMetres a third of it is less than two incidents at different points lie apart
 */
export function* placeInParts(
  members: ArrayLike<number>,
  cases: Cases,
  stepMetres: number,
): InParts<PlaceFigures> {
  const n = members.length
  const x = new Float64Array(n)
  const y = new Float64Array(n)
  const byDay = new Uint32Array(cases.days)
  /** How often, and from which member on. */
  const slots = new Map<number, { times: number; first: number }>()
  const sums = { x: 0, y: 0, open: 0 }
  const read = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const at = members[i]!
      x[i] = cases.x[at]!
      y[i] = cases.y[at]!
      sums.x += x[i]!
      sums.y += y[i]!
      sums.open += cases.open[at]!
      byDay[cases.day[at]!]!++
      const slot = slots.get(cases.slot[at]!)
      if (slot) slot.times++
      else slots.set(cases.slot[at]!, { times: 1, first: i })
    }
  }
  yield* within(eachRange(n, read), 0, 0.2)
  const middle = [sums.x / n, sums.y / n] as const
  let radiusMetres = 0
  const reach = (from: number, to: number): void => {
    let most = radiusMetres
    for (let i = from; i < to; i++)
      most = Math.max(most, Math.hypot(x[i]! - middle[0], y[i]! - middle[1]))
    radiusMetres = most
  }
  yield* within(eachRange(n, reach), 0.2, 0.3)
  const hull = yield* within(convexHullInParts(x, y), 0.3, 0.6)
  const points = yield* within(pointGridInParts(x, y, stepMetres / 3), 0.6, 1)
  let onOnePoint = 0
  for (let point = 0; point < points.columns.length; point++)
    onOnePoint = Math.max(onOnePoint, points.starts[point + 1]! - points.starts[point]!)
  const most = [...slots].reduce((best, one) =>
    one[1].times > best[1].times || (one[1].times === best[1].times && one[1].first < best[1].first)
      ? one
      : best,
  )
  return {
    ...{ middle, radiusMetres, hull, onOnePoint },
    ...{ slot: most[0], open: sums.open },
    days: byDay.reduce((days, count) => days + (count > 0 ? 1 : 0), 0),
    firstDay: byDay.findIndex((count) => count > 0),
    lastDay: byDay.findLastIndex((count) => count > 0),
    steps: stepsOf(byDay),
  }
}

function stepsOf(byDay: Uint32Array): number[] {
  const steps = new Array<number>(repeatSteps).fill(0)
  byDay.forEach((count, day) => {
    const ago = Math.floor((byDay.length - 1 - day) / stepDays)
    // 365 days are 13 steps and one day: that one counts in the oldest.
    steps[Math.max(0, repeatSteps - 1 - ago)]! += count
  })
  return steps
}
