import type { Area } from './area.ts'

/** Figures that colour the map and order its areas. Another is a count of its own in `AreaFigures`. */
export const areaMeasures = ['count', 'overdue', 'within_day'] as const
export type AreaMeasure = (typeof areaMeasures)[number]

interface AreaFigures {
  count: number
  open: number
  overdue: number
  /** Due within a day. */
  within_day: number
}
/** Rolled up, by `Area.idx`. */
export type AreaCounts = Record<keyof AreaFigures, ArrayLike<number>>

export interface RankedArea extends AreaFigures {
  area: Area
  /** Of all ranked areas by the measure, 0 to 1. */
  share: number
}

/** Highest first; ties sort by code. */
export function rankAreas(
  areas: readonly Area[],
  counts: AreaCounts,
  by: AreaMeasure = 'count',
): RankedArea[] {
  const at = (figure: keyof AreaFigures, { idx }: Area): number => counts[figure][idx] ?? 0
  const sum = areas.reduce((total, area) => total + at(by, area), 0)
  return areas
    .map((area) => ({
      area,
      count: at('count', area),
      open: at('open', area),
      overdue: at('overdue', area),
      within_day: at('within_day', area),
      share: sum === 0 ? 0 : at(by, area) / sum,
    }))
    .sort((a, b) => b[by] - a[by] || (a.area.code < b.area.code ? -1 : 1))
}

const areaSortKeys = ['name', 'code', 'count', 'open', 'overdue'] as const
export type AreaSortKey = (typeof areaSortKeys)[number]
export const areaSorts = areaSortKeys.flatMap((key) => [`${key}_asc`, `${key}_desc`] as const)

/** Ties sort by code. */
export function sortRanked(
  ranked: readonly RankedArea[],
  key: AreaSortKey,
  direction: 'asc' | 'desc',
  locale: string,
): RankedArea[] {
  const { compare } = new Intl.Collator(locale, { numeric: true })
  const byKey: Record<AreaSortKey, (a: RankedArea, b: RankedArea) => number> = {
    name: (a, b) => compare(a.area.name, b.area.name),
    code: (a, b) => compare(a.area.code, b.area.code),
    count: (a, b) => a.count - b.count,
    open: (a, b) => a.open - b.open,
    overdue: (a, b) => a.overdue - b.overdue,
  }
  const sign = direction === 'asc' ? 1 : -1
  return [...ranked].sort((a, b) => sign * byKey[key](a, b) || compare(a.area.code, b.area.code))
}
