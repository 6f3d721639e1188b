import fc from 'fast-check'
import { expect, it } from 'vitest'
import { convexHull } from './convex-hull.ts'

it('finds corners counter-clockwise, without points inside, on a side or at one place', () => {
  const [x, y] = [
    [0, 4, 4, 0, 2, 2, 0],
    [0, 0, 3, 3, 1, 0, 0],
  ]
  expect(convexHull(x, y)).toEqual([0, 1, 2, 3])
  expect(convexHull([5, 5], [1, 1])).toEqual([0])
  expect(convexHull([0, 1, 2], [0, 1, 2])).toEqual([0, 2])
  expect(convexHull([], [])).toEqual([])
  expect(() => convexHull([Number.NaN], [0])).toThrow(/point 0/)
})

it('has every point on the left of each side, and only points of the input', () => {
  const place = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 }))
  fc.assert(
    fc.property(fc.array(place, { minLength: 3, maxLength: 40 }), (places) => {
      const [x, y] = [places.map((p) => p[0]), places.map((p) => p[1])]
      const hull = convexHull(x, y)
      if (hull.length < 3) return
      hull.forEach((a, n) => {
        const b = hull[(n + 1) % hull.length]!
        for (let i = 0; i < x.length; i++)
          expect(
            (x[b]! - x[a]!) * (y[i]! - y[a]!) - (y[b]! - y[a]!) * (x[i]! - x[a]!),
          ).toBeGreaterThanOrEqual(0)
      })
    }),
  )
})
