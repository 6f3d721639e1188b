export interface VirtualWindow {
  /** First row drawn, inclusive. */
  first: number
  /** Last row drawn, exclusive. */
  end: number
}

/**
 * Which of `count` rows of equal height are worth drawing.
 * @param scrollTop,viewport,itemHeight pixels; @param overscan rows drawn beyond each edge.
 */
export function virtualWindow(
  count: number,
  itemHeight: number,
  scrollTop: number,
  viewport: number,
  overscan: number,
): VirtualWindow {
  if (!(itemHeight > 0)) throw new RangeError('itemHeight must be above 0')
  const first = Math.max(0, Math.floor(scrollTop / itemHeight) - overscan)
  const end = Math.min(count, Math.ceil((scrollTop + viewport) / itemHeight) + overscan)
  return { first: Math.min(first, count), end: Math.max(end, Math.min(first, count)) }
}

/** Where to scroll so that row `index` is fully seen; the same place when it already is. Pixels. */
export function scrollToShow(
  index: number,
  itemHeight: number,
  scrollTop: number,
  viewport: number,
): number {
  const top = index * itemHeight
  if (top < scrollTop) return top
  const bottom = top + itemHeight
  return bottom > scrollTop + viewport ? bottom - viewport : scrollTop
}

/**
 * Where the row at `index` of the list before is now; of what is gone, the next one that stayed.
 * @returns -1 when nothing from there on stayed
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

/** The row a key leads to from `current` (-1: none yet), or null when the key means nothing here. */
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
