/** A photo as the viewer shows it. */
export interface ViewerPhoto {
  key: string
  /** Object URL; null while it loads. */
  src: string | null
  alt: string
  failed?: boolean
  /** What is known about it, shown below. */
  facts: { key: string; label: string; value: string }[]
}

/** Pixels a finger has to move sideways to turn the page. */
const swipePixels = 48

/** The step a finished drag means: sideways enough, and more so than up or down. */
export function swipeStep(deltaX: number, deltaY: number): -1 | 0 | 1 {
  if (Math.abs(deltaX) < swipePixels || Math.abs(deltaX) < 1.5 * Math.abs(deltaY)) return 0
  return deltaX < 0 ? 1 : -1
}

/** The photo a key leads to, or null when the key means nothing here. */
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
