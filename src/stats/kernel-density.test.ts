import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normal, seededRandom } from '../../tests/bench/generate/random.ts'
import { kernelDensity } from './kernel-density.ts'

const box = { left: 0, bottom: 0, right: 8000, top: 6000 }
const random = seededRandom(9)
const x = Array.from({ length: 300 }, () => 4000 + 600 * normal(random))
const y = Array.from({ length: 300 }, () => 3000 + 400 * normal(random))

/** The formula as it stands, per km². */
function byDefinition(atX: number, atY: number, h: number): number {
  let sum = 0
  for (let i = 0; i < x.length; i++)
    sum += Math.exp(-((x[i]! - atX) ** 2 + (y[i]! - atY) ** 2) / (2 * h * h))
  return (sum / (2 * Math.PI * h * h)) * 1e6
}

describe('kernelDensity', () => {
  it.each([150, 250, 400])('with bandwidth %d m agrees with the sum over all points', (h) => {
    const { perKm2, columns, rows } = kernelDensity(x, y, box, h, 400, 300)
    const peak = perKm2.reduce((max, value) => Math.max(max, value))
    let worst = 0
    for (let row = 0; row < rows; row += 7)
      for (let column = 0; column < columns; column += 7) {
        const exact = byDefinition((column + 0.5) * 20, (row + 0.5) * 20, h)
        worst = Math.max(worst, Math.abs(perKm2[row * columns + column]! - exact))
      }
    // cut off at 4 h and binned by 20 m
    expect(worst / peak).toBeLessThan(0.004)
  })

  it.each([600, 1000, 3000])('with a wide bandwidth of %d m, on coarser cells, too', (h) => {
    const { perKm2, columns, rows, clamped } = kernelDensity(x, y, box, h, 400, 300)
    expect(clamped).toBeNull()
    const limit = (x.length / (2 * Math.PI * h * h)) * 1e6 * ((1 / 8) ** 2 / 4 + 0.001)
    for (let row = 0; row < rows; row += 23)
      for (let column = 0; column < columns; column += 23) {
        const exact = byDefinition((column + 0.5) * 20, (row + 0.5) * 20, h)
        expect(Math.abs(perKm2[row * columns + column]! - exact)).toBeLessThan(limit)
      }
  })

  it('keeps its bound of error wherever a point lies in its cell', () => {
    const at = fc.double({ min: 3900, max: 4100, noNaN: true })
    const bandwidth = fc.double({ min: 200, max: 2900, noNaN: true })
    fc.assert(
      fc.property(at, at, bandwidth, (px, py, h) => {
        const { perKm2 } = kernelDensity([px], [py], box, h, 80, 60)
        const peak = 1e6 / (2 * Math.PI * h * h)
        const side = 100 * Math.max(1, Math.floor(h / 800))
        const limit = peak * ((side / h) ** 2 / 4 + 0.001)
        for (let cell = 0; cell < 4800; cell += 7) {
          const east = ((cell % 80) + 0.5) * 100 - px
          const north = (Math.floor(cell / 80) + 0.5) * 100 - py
          const exact = peak * Math.exp(-(east * east + north * north) / (2 * h * h))
          expect(Math.abs(perKm2[cell]! - exact)).toBeLessThanOrEqual(limit)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('has the number of points as its integral, away from the border', () => {
    const { perKm2, points } = kernelDensity(x, y, box, 100, 256, 256)
    const cellKm2 = (8 / 256) * (6 / 256)
    expect(points).toBe(300)
    expect(perKm2.reduce((sum, value) => sum + value * cellKm2, 0)).toBeCloseTo(300, 6)
  })

  it('counts points outside the box that reach into it', () => {
    const { perKm2, points } = kernelDensity([-50, -5000], [3000, 3000], box, 100, 80, 60)
    expect(points).toBe(1)
    // half a cell from the border, 100 m from the point
    const exact = Math.exp(-(100 ** 2 + 50 ** 2) / (2 * 100 ** 2)) / (2 * Math.PI * 0.1 ** 2)
    expect(perKm2[30 * 80]! / exact).toBeCloseTo(1, 0)
    expect(perKm2[30 * 80]!).toBeGreaterThan(perKm2[30 * 80 + 1]!)
  })

  it('moves with the points, and doubles with them', () => {
    const own = kernelDensity(x, y, box, 200, 64, 64).perKm2
    const moved = { left: 1000, bottom: -500, right: 9000, top: 5500 }
    const shifted = kernelDensity(
      x.map((v) => v + 1000),
      y.map((v) => v - 500),
      moved,
      200,
      64,
      64,
    ).perKm2
    const doubled = kernelDensity([...x, ...x], [...y, ...y], box, 200, 64, 64).perKm2
    own.forEach((value, cell) => {
      expect(shifted[cell]).toBeCloseTo(value, 6)
      expect(doubled[cell]).toBeCloseTo(2 * value, 9)
    })
  })

  it('clamps a bandwidth that a cell or the box cannot show, and says so', () => {
    expect(kernelDensity(x, y, box, 1e-3, 64, 64)).toMatchObject({
      clamped: 'narrower than a cell',
      bandwidthMetres: 62.5,
    })
    expect(kernelDensity(x, y, box, 1e9, 64, 64)).toMatchObject({
      clamped: 'wider than the box',
      bandwidthMetres: 10_000,
    })
    expect(kernelDensity(x, y, box, 500, 64, 64).clamped).toBeNull()
  })

  it('refuses a bandwidth of 0, an empty box, a grid of nothing and points without place', () => {
    expect(() => kernelDensity(x, y, box, 0)).toThrow(/bandwidth/)
    expect(() => kernelDensity(x, y, box, Number.NaN)).toThrow(/bandwidth/)
    expect(() => kernelDensity(x, y, { ...box, right: 0 }, 10)).toThrow(/empty/)
    expect(() => kernelDensity(x, y, box, 10, 0, 5)).toThrow(/grid/)
    expect(() => kernelDensity([Number.NaN], [0], box, 10)).toThrow(/point 0/)
  })

  it('is never NaN or negative, with no point or any', () => {
    const place = fc.double({ min: -1e5, max: 1e5, noNaN: true })
    const bandwidth = fc.double({ min: 1e-6, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(place, place), { maxLength: 20 }), bandwidth, (places, h) => {
        const { perKm2 } = kernelDensity(
          places.map((p) => p[0]),
          places.map((p) => p[1]),
          box,
          h,
          16,
          12,
        )
        expect(perKm2.every((value) => value >= 0)).toBe(true)
      }),
    )
  })
})
