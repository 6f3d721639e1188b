import { isWithin, type Area } from '@/domain/city/area.ts'

/**
 * Toggles one area. Adding an area removes its ancestors and descendants from the choice.
 * @param selected area codes of any level; empty means all
 */
export function toggleAreaCode(
  selected: readonly string[],
  code: string,
  lookup: (code: string) => Pick<Area, 'path'> | undefined,
): string[] {
  const area = lookup(code)
  if (!area) return [...selected]
  if (selected.includes(code)) return selected.filter((other) => other !== code)
  const apart = selected.filter((otherCode) => {
    const other = lookup(otherCode)
    return other && !isWithin(area, other) && !isWithin(other, area)
  })
  return [...apart, code]
}
