import type { Area } from '../city/area.ts'
import { changeHeight } from './count-change.ts'
import type { AreaFigures, Measure, Reading } from './measure.ts'

/** Rolled up, by `Area.idx`. */
export type AreaCounts = Record<'count' | 'open' | 'overdue' | 'within_day', ArrayLike<number>>

export interface RankedArea extends AreaFigures {
  area: Area
  reading: Reading
  /** Order by the measure. */
  height: number
  /** Of all ranked areas by the measure, 0 to 1; null where its values do not add up. */
  share: number | null
}

export const countFigures = (counts: AreaCounts, { idx, households }: Area): AreaFigures => ({
  count: counts.count[idx] ?? 0,
  open: counts.open[idx] ?? 0,
  overdue: counts.overdue[idx] ?? 0,
  within_day: counts.within_day[idx] ?? 0,
  households,
  squareKm: null,
  closing: null,
  before: null,
  smoothed: null,
})

/** Judged areas first, highest first; ties sort by code. */
export function rankAreas(
  areas: readonly Area[],
  figuresOf: (area: Area) => AreaFigures,
  measure: Measure,
): RankedArea[] {
  const rows = areas.map((area) => {
    const figures = figuresOf(area)
    const reading = measure.read(figures)
    return { area, ...figures, reading, height: heightOf(reading, measure) }
  })
  const sum = measure.isSum
    ? rows.reduce((total, { reading }) => total + (reading.value ?? 0), 0)
    : 0
  return rows
    .map((row) => ({
      ...row,
      share: measure.isSum ? (sum === 0 ? 0 : (row.reading.value ?? 0) / sum) : null,
    }))
    .sort(
      (a, b) => certainty(b.reading) - certainty(a.reading) || b.height - a.height || byCode(a, b),
    )
}

const byCode = (a: RankedArea, b: RankedArea): number => (a.area.code < b.area.code ? -1 : 1)

const certainty = ({ verdict }: Reading): number =>
  verdict === 'unknown' ? 0 : verdict === 'few' ? 1 : 2
/** Orders areas by the measure. Never infinite: the difference of two infinities is not a number. */
function heightOf({ verdict, value }: Reading, { unit }: Measure): number {
  if (verdict === 'not_reached') return Number.MAX_VALUE
  if (value === null) return -Number.MAX_VALUE
  if (unit !== 'change') return value
  const doublings = Math.max(-100, Math.min(100, Math.log2(value)))
  // Sure increases lie above all that may be chance, sure decreases below.
  return verdict === 'value' ? doublings + Math.sign(doublings) * 1000 : doublings
}

const areaSortKeys = ['measure', 'name', 'code', 'count', 'change', 'open', 'overdue'] as const
export type AreaSortKey = (typeof areaSortKeys)[number]
export const areaSorts = areaSortKeys.flatMap((key) => [`${key}_asc`, `${key}_desc`] as const)

/**
 * Ties sort by code. By the measure, areas that are not judged stay last. @param before the count that an area's
 * is compared with; without one none has changed
 */
export function sortRanked(
  ranked: readonly RankedArea[],
  key: AreaSortKey,
  direction: 'asc' | 'desc',
  locale: string,
  before: (row: RankedArea) => number = ({ count }) => count,
): RankedArea[] {
  const { compare } = new Intl.Collator(locale, { numeric: true })
  const sign = direction === 'asc' ? 1 : -1
  const byKey: Record<AreaSortKey, (a: RankedArea, b: RankedArea) => number> = {
    measure: (a, b) => sign * (certainty(b.reading) - certainty(a.reading)) || a.height - b.height,
    name: (a, b) => compare(a.area.name, b.area.name),
    code: (a, b) => compare(a.area.code, b.area.code),
    count: (a, b) => a.count - b.count,
    change: (a, b) => changeHeight(a.count, before(a)) - changeHeight(b.count, before(b)),
    open: (a, b) => a.open - b.open,
    overdue: (a, b) => a.overdue - b.overdue,
  }
  return [...ranked].sort((a, b) => sign * byKey[key](a, b) || compare(a.area.code, b.area.code))
}
