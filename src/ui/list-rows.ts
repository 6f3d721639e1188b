/**
 * The present index of the row that was at `index`; when it is gone, that of the next row that stayed.
 * @returns -1 when no row from there on stayed
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

/** The row that a key leads to from `current` (-1: none yet); null for a key without meaning here. */
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
