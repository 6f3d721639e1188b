/** Milliseconds of a frame that charts may take to lay out their marks; their painting follows in the next one. */
const frameBudget = 12

const waiting = new Set<() => void>()
let isRunning = false

/**
 * Calls `paint` in one of the next frames. Charts whose figures come together take turns, so that clicks
 * and keys are heard between them. A chart that asks again before its turn is painted once.
 */
export function paintSoon(paint: () => void): void {
  waiting.add(paint)
  if (isRunning) return
  isRunning = true
  requestAnimationFrame(paintSome)
}

/** Forgets a chart that is gone. */
export const paintNever = (paint: () => void): void => void waiting.delete(paint)

function paintSome(): void {
  const began = performance.now()
  try {
    for (const paint of waiting) {
      waiting.delete(paint)
      paint()
      if (performance.now() - began >= frameBudget) break
    }
  } finally {
    isRunning = waiting.size > 0
    if (isRunning) requestAnimationFrame(paintSome)
  }
}
