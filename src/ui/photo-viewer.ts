export interface ViewerPhoto {
  key: string
  /** Null while loading. */
  src: string | null
  alt: string
  failed?: boolean
  facts: { key: string; label: string; value: string }[]
}

/** Minimum sideways swipe in pixels. */
const swipePixels = 48

/** Step of a swipe; it must be long enough and mostly sideways. */
export function swipeStep(deltaX: number, deltaY: number): -1 | 0 | 1 {
  if (Math.abs(deltaX) < swipePixels || Math.abs(deltaX) < 1.5 * Math.abs(deltaY)) return 0
  return deltaX < 0 ? 1 : -1
}

/** Photo index for a key press; null for other keys. */
export function photoForKey(key: string, index: number, count: number): number | null {
  const targets: Record<string, number> = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    Home: 0,
    End: count - 1,
  }
  const target = targets[key]
  return target === undefined ? null : Math.min(count - 1, Math.max(0, target))
}
