import { expect, it } from 'vitest'
import { spreadDots } from './spread-dots.ts'

const gaps = (points: readonly (readonly [number, number])[]): number[] =>
  points.flatMap(([x, y], at) =>
    points.slice(at + 1).map((other) => Math.hypot(x - other[0], y - other[1])),
  )

it('moves dots apart, also those on one spot, and leaves the others alone', () => {
  const crowded = [...Array.from({ length: 6 }, () => [5, 5] as const), [6, 5], [100, 100]] as const
  const spread = spreadDots(crowded, 10)
  expect(Math.min(...gaps(spread))).toBeGreaterThan(9)
  expect(spread.at(-1)).toEqual([100, 100])
  expect(Math.max(...spread.slice(0, -1).map(([x, y]) => Math.hypot(x - 5, y - 5)))).toBeLessThan(
    25,
  )
  expect(spreadDots([], 10)).toEqual([])
})
