import type { Area } from '@/domain/city/area.ts'

/**
 * Parent of the compared areas: the drilled area, else the deepest area containing the person's
 * scope. Null before areas load.
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
