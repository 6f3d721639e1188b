import type { Area } from '../../domain/area.ts'

/**
 * Adds every area's count to all areas above it.
 *
 * @param counts by `Area.idx` of the deepest area, as the projection gives them
 * @param areas the hierarchy; order does not matter
 * @returns by `Area.idx`, each area with everything below it; as long as the largest idx needs
 */
export function rollUpCounts(counts: Uint32Array, areas: readonly Area[]): Uint32Array {
  let length = counts.length
  for (const area of areas) length = Math.max(length, area.idx + 1)
  const rolled = new Uint32Array(length)
  rolled.set(counts)
  const byCode = new Map(areas.map((area) => [area.code, area]))
  // Deepest first: when an area is added to its parent it is complete.
  const order = areas.map((area) => ({ area, depth: depthOf(area.path) }))
  order.sort((a, b) => b.depth - a.depth)
  for (const { area } of order) {
    const parent = area.parentCode === null ? undefined : byCode.get(area.parentCode)
    if (parent) rolled[parent.idx] = (rolled[parent.idx] ?? 0) + (rolled[area.idx] ?? 0)
  }
  return rolled
}

/** How many codes a path holds. */
function depthOf(path: string): number {
  let depth = 0
  for (let i = 0; i < path.length; i++) if (path[i] === '/') depth++
  return depth
}

export interface RankedArea {
  area: Area
  count: number
  open: number
  /** Of all areas ranked here, 0 to 1. */
  share: number
}

/**
 * The areas with their counts, most first; equal counts by code, so that the order is stable.
 *
 * @param counts rolled up, by `Area.idx`
 * @param openCounts rolled up, by `Area.idx`
 */
export function rankAreas(
  areas: readonly Area[],
  counts: Uint32Array,
  openCounts: Uint32Array,
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
