type Point = readonly [x: number, y: number]

const rounds = 60

/**
 * Moves numbered dots apart until they do not cover each other, each as little as it takes. Quadratic
 * in their number: for a few dozen. @param gap least distance between two middles
 */
export function spreadDots(points: readonly Point[], gap: number): [x: number, y: number][] {
  const spread = points.map(([x, y]): [number, number] => [x, y])
  for (let round = 0, isMoving = true; isMoving && round < rounds; round++) {
    isMoving = false
    for (let a = 0; a < spread.length; a++)
      for (let b = a + 1; b < spread.length; b++) {
        const [one, other] = [spread[a]!, spread[b]!]
        const [east, south] = [other[0] - one[0], other[1] - one[1]]
        const distance = Math.hypot(east, south)
        if (distance >= gap - 1e-6) continue
        isMoving = true
        // those on one spot leave in directions of their own
        const angle = distance > 0 ? Math.atan2(south, east) : b * 2.4
        const push = (gap - distance) / 2
        for (const [dot, side] of [
          [one, -1],
          [other, 1],
        ] as const) {
          dot[0] += side * push * Math.cos(angle)
          dot[1] += side * push * Math.sin(angle)
        }
      }
  }
  return spread
}
