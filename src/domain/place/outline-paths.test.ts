import { expect, it } from 'vitest'
import { outlinePaths } from './outline-paths.ts'

it('draws north up, keeps the shape of the ground and leaves empty what has no outline', () => {
  // A square on the ground at 60° north: twice as many degrees east as north.
  const square = [10, 59, 14, 59, 14, 61, 10, 61, 10, 59]
  const { height, paths, place } = outlinePaths([[square], null], 100)
  expect(height).toBeCloseTo(100, 6)
  expect(paths).toEqual(['M0.0 100.0L100.0 100.0L100.0 0.0L0.0 0.0L0.0 100.0Z', ''])
  const [x, y] = place([11, 60])
  expect([x, y]).toEqual([expect.closeTo(25, 6), expect.closeTo(50, 6)])
})
