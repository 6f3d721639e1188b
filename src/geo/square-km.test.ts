import { expect, it } from 'vitest'
import { squareKm } from './square-km.ts'

/** Half a degree each way, with a hole. */
const box = (west: number, south: number, size: number): [number, number][] => [
  [west, south],
  [west + size, south],
  [west + size, south + size],
  [west, south + size],
  [west, south],
]

// WGS 84 between parallels and meridians: J. P. Snyder, Map Projections (1987), formula 3-12.
it.each([
  [0, 3077.23],
  [37.5, 2445.41],
  [60, 1542.51],
])('is within 0.6 % of the ellipsoid at latitude %f', (south, wanted) => {
  const size = squareKm({ type: 'Polygon', coordinates: [box(10, south, 0.5)] })
  expect(Math.abs(size / wanted - 1)).toBeLessThan(0.006)
})

it('leaves out holes and adds parts', () => {
  const whole = squareKm({ type: 'Polygon', coordinates: [box(10, 40, 1)] })
  const hole = squareKm({ type: 'Polygon', coordinates: [box(10.2, 40.2, 0.5)] })
  const ring = [box(10, 40, 1), box(10.2, 40.2, 0.5)]
  expect(squareKm({ type: 'Polygon', coordinates: ring })).toBeCloseTo(whole - hole, 3)
  expect(
    squareKm({ type: 'MultiPolygon', coordinates: [[box(10, 40, 1)], [box(10.2, 40.2, 0.5)]] }),
  ).toBeCloseTo(whole + hole, 3)
})
