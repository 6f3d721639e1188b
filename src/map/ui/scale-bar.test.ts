import { expect, it } from 'vitest'
import { metersPerPixel, scaleLength } from './scale-bar.ts'

it('measures the equator at zoom 0 with the earth around 512 pixels', () => {
  expect(metersPerPixel(0, 0) * 512).toBeCloseTo(40_030_230, -1)
  expect(metersPerPixel(10, 60)).toBeCloseTo(metersPerPixel(11, 0), 6)
})

it.each([
  [1, 500 / 10, 50],
  [3, 96, 200],
  [0.02, 96, 1],
  [40, 96, 2000],
])('takes the longest round length that fits (%d m a pixel)', (perPixel, pixels, meters) => {
  const length = scaleLength(perPixel, pixels)
  expect(length.meters).toBe(meters)
  expect(length.pixels).toBeLessThanOrEqual(pixels)
  expect(length.pixels).toBeGreaterThan(pixels / 2.6)
})
