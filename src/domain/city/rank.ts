import type { Area } from './area.ts'

export interface RankedArea {
  area: Area
  count: number
  open: number
  /** Of all ranked areas, 0 to 1. */
  share: number
}

/**
 * Ties sort by code.
 * @param counts rolled up, by `Area.idx`
 */
export function rankAreas(
  areas: readonly Area[],
  counts: ArrayLike<number>,
  openCounts: ArrayLike<number>,
): RankedArea[] {
  let sum = 0
  for (const area of areas) sum += counts[area.idx] ?? 0
  return areas
    .map((area) => {
      const count = counts[area.idx] ?? 0
      return { area, count, open: openCounts[area.idx] ?? 0, share: sum === 0 ? 0 : count / sum }
    })
    .sort((a, b) => b.count - a.count || (a.area.code < b.area.code ? -1 : 1))
}

const areaSortKeys = ['name', 'code', 'count', 'open'] as const
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
  }
  const sign = direction === 'asc' ? 1 : -1
  return [...ranked].sort((a, b) => sign * byKey[key](a, b) || compare(a.area.code, b.area.code))
}
