/**
 * New index of the row at `index`, or of the next row that still exists.
 * @returns -1 without such a row
 */
export function keptIndex(
  before: readonly (string | number)[],
  now: readonly (string | number)[],
  index: number,
): number {
  if (index < 0) return -1
  if (before[index] === now[index]) return index < now.length ? index : -1
  const places = new Map(now.map((key, place) => [key, place]))
  for (let at = index; at < before.length; at++) {
    const place = places.get(before[at]!)
    if (place !== undefined) return place
  }
  return -1
}

/** Row for a key press at `current` (-1: none yet); null for other keys. */
export function rowForKey(
  key: string,
  current: number,
  count: number,
  pageRows: number,
): number | null {
  if (count === 0) return null
  const clamp = (index: number) => Math.min(count - 1, Math.max(0, index))
  switch (key) {
    case 'ArrowDown':
      return clamp(current + 1)
    case 'ArrowUp':
      return clamp(current - 1)
    case 'PageDown':
      return clamp(current + pageRows)
    case 'PageUp':
      return clamp(current - pageRows)
    case 'Home':
      return 0
    case 'End':
      return count - 1
    default:
      return null
  }
}
