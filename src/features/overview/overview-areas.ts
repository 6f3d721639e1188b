import type { Area } from '@/domain/city/area.ts'
import type { RankedEntry } from '@/charts/options/ranking.option.ts'

/**
 * The area whose children are compared: where the person stands, else the one that holds all they
 * are responsible for. Null while nothing is known.
 * @param scopePaths paths of the person's memberships
 */
export function comparedParent(
  areas: readonly Area[],
  drill: string | null,
  scopePaths: readonly string[],
): Area | null {
  const hasChildren = (area: Area): boolean => areas.some((one) => one.parentCode === area.code)
  const drilled = areas.find((area) => area.code === drill)
  if (drilled && hasChildren(drilled)) return drilled
  const holders = areas.filter(
    (area) => hasChildren(area) && scopePaths.every((path) => path.startsWith(area.path)),
  )
  return holders.toSorted((a, b) => b.path.length - a.path.length)[0] ?? null
}

/** Areas with their counts, most first; ties by code so that the order never flickers. */
export function rankAreas(
  areas: readonly Area[],
  counts: Uint32Array,
  open: Uint32Array,
  selected: readonly string[],
): RankedEntry[] {
  return areas
    .map((area) => ({
      key: area.code,
      name: area.name,
      count: counts[area.idx] ?? 0,
      open: open[area.idx] ?? 0,
      selected: selected.includes(area.code),
    }))
    .filter((entry) => entry.count > 0 || entry.selected)
    .toSorted((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
}
