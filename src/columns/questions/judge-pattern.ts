import {
  maxSteps,
  minIncidents,
  minSteps,
  stepDays,
  type Judged,
  type JudgeOptions,
} from '../../domain/answers/hotspots.ts'
import { addDays, dayNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import { classifyEmerging } from '../../stats/emerging.ts'
import { twoSidedP } from '../../stats/normal.ts'
import { spaceTimeGiStar } from '../../stats/space-time-gi.ts'
import { withoutSelf } from '../../stats/weights.ts'
import { confidenceLevels } from '../count/confidence-class.ts'
import { FilteredRows, forEachPassing } from '../count/filtered-rows.ts'
import { corrected, type Ground } from './units.ts'

/** How units were hot or cold, over steps of `stepDays` that end with the last day. */
export function judgePattern(answer: Judged, ground: Ground, options: JudgeOptions): Judged {
  const { units, rows } = ground
  const { n, size } = units
  const first = rows.set.months[0]
  if (!first) return { ...answer, obstacle: 'no_incidents' }
  const last = dayNumber(options.lastDay)
  const days = last - firstDayNumber(first.monthNumber) + 1
  const steps = Math.min(maxSteps, Math.floor(days / stepDays))
  if (steps < minSteps) return { ...answer, obstacle: 'few_steps' }
  const series = seriesOf(ground, last, steps)
  const total = series.reduce((sum, count) => sum + count, 0)
  if (total === 0) return { ...answer, obstacle: 'no_incidents' }
  if (total < minIncidents) return { ...answer, obstacle: 'few_incidents' }
  const rates = Float64Array.from(series, (count, at) => count / size[Math.floor(at / steps)]!)
  const z = spaceTimeGiStar(rates, withoutSelf(units.neighbours), steps)
  const { classes, trendZ, trendP } = classifyEmerging(z, steps, {
    criticalZ: criticalOf(z, options),
  })
  return {
    ...answer,
    counts: Uint32Array.from({ length: n }, (_, i) => series[i * steps + steps - 1]!),
    expected: Float64Array.from({ length: n }, (_, i) =>
      mean(series.subarray(i * steps, i * steps + steps - 1)),
    ),
    classes,
    scores: trendZ,
    p: trendP,
    steps,
    series,
  }
}

/** Counts by unit × steps + step. */
function seriesOf({ units, rows, world }: Ground, lastDay: number, steps: number): Uint32Array {
  const series = new Uint32Array(units.n * steps)
  const period = {
    from: addDays('1970-01-01', lastDay - steps * stepDays + 1),
    to: addDays('1970-01-01', lastDay),
  }
  const during = new FilteredRows(rows.set, { ...rows.filter, areas: [], period }, world)
  const firstDay = dayNumber(period.from)
  forEachPassing(during, (month) => {
    const { minute } = month
    const monthDay = firstDayNumber(month.monthNumber) - firstDay
    const slotOf = units.slotOf(month)
    return (row) => {
      const slot = slotOf(row)
      if (slot < 0) return
      const step = Math.floor((monthDay + Math.floor(minute[row]! / 1440)) / stepDays)
      series[slot * steps + step]!++
    }
  })
  return series
}

/** The smallest |z| that the correction keeps at 90 %; Infinity where it keeps none. */
function criticalOf(z: Float64Array, options: JudgeOptions): number {
  const adjusted = corrected(options)(z.map(twoSidedP))
  return adjusted.reduce(
    (least, p, i) => (p <= confidenceLevels[0] ? Math.min(least, Math.abs(z[i]!)) : least),
    Infinity,
  )
}

const mean = (values: Uint32Array): number =>
  values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length
