export const sheetSnaps = ['peek', 'half', 'full'] as const
export type SheetSnap = (typeof sheetSnaps)[number]

/** Snap heights in pixels. */
export const snapHeights = (screen: number, peek: number): Record<SheetSnap, number> => ({
  peek: Math.min(peek, screen),
  half: Math.round(screen * 0.5),
  full: Math.round(screen * 0.92),
})

/**
 * Snap after a drag: a flick goes one step, a slow drag to the nearest.
 * @param height pixels at release
 * @param velocity pixels per millisecond, upwards positive
 */
export function snapAfterDrag(
  height: number,
  velocity: number,
  heights: Record<SheetSnap, number>,
): SheetSnap {
  if (Math.abs(velocity) > 0.5) {
    const onward = sheetSnaps.filter((snap) =>
      velocity > 0 ? heights[snap] > height : heights[snap] < height,
    )
    const next = velocity > 0 ? onward[0] : onward.at(-1)
    if (next) return next
  }
  return sheetSnaps.reduce((best, snap) =>
    Math.abs(heights[snap] - height) < Math.abs(heights[best] - height) ? snap : best,
  )
}
