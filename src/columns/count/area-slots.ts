import type { PathNode } from './filter-rules.ts'

/**
 * The place in `wanted` of the area that holds each area, by `Area.idx`; −1 where none does.
 * @param wanted `Area.idx` of areas of one level
 */
export function areaSlots(areas: readonly PathNode[], wanted: ArrayLike<number>): Int32Array {
  const pathOf = new Map(areas.map(({ idx, path }) => [idx, path]))
  const byPath = new Map(Array.from(wanted, (idx, slot) => [pathOf.get(idx), slot]))
  const slots = new Int32Array(65_536).fill(-1)
  for (const { idx, path } of areas) {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      const slot = byPath.get(path.slice(0, end + 1))
      if (slot !== undefined) slots[idx] = slot
    }
  }
  return slots
}
