import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import fixture from '../../tests/fixtures/statistics/trend.json' with { type: 'json' }
import { mannKendall, senSlope } from './mann-kendall.ts'

const values = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { maxLength: 60 })
const coarse = fc.array(fc.nat(4), { maxLength: 60 })

describe('mannKendall', () => {
  it.each(fixture)('of $values agrees with SciPy', ({ values, s, variance, p, tau }) => {
    const trend = mannKendall(values)
    expect([trend.n, trend.s]).toEqual([values.length, s])
    expect(trend.variance).toBeCloseTo(variance, 9)
    expect(trend.p).toBeCloseTo(p, 12)
    expect(trend.tau).toBeCloseTo(tau, 12)
  })

  it('does not change when values are shifted, scaled or squared, and turns with time', () => {
    fc.assert(
      fc.property(fc.oneof(values, coarse), (x) => {
        const trend = mannKendall(x)
        expect(mannKendall(x.map((value) => 3 * value + 7))).toEqual(trend)
        expect(mannKendall(x.map((value) => value * value))).toEqual(trend)
        const back = mannKendall(x.toReversed())
        expect(back.s + trend.s).toBe(0)
        expect(back.p).toBe(trend.p)
        for (const value of Object.values(trend)) expect(value).not.toBeNaN()
        expect(Math.abs(trend.tau)).toBeLessThanOrEqual(1 + 1e-12)
      }),
    )
  })

  it.each([[[]], [[5]], [[2, 2, 2, 2]]])('sees no trend in %j', (x) => {
    expect(mannKendall(x)).toMatchObject({ s: 0, z: 0, p: 1, tau: 0 })
  })

  it('refuses NaN', () => {
    expect(() => mannKendall([1, Number.NaN])).toThrow(/value 1/)
  })
})

describe('senSlope', () => {
  it.each(fixture)('of $values agrees with SciPy', ({ values, slope, low, high }) => {
    const sen = senSlope(values)
    expect(sen.slope).toBeCloseTo(slope, 10)
    expect(sen.low).toBeCloseTo(low, 10)
    expect(sen.high).toBeCloseTo(high, 10)
  })

  it('scales and shifts with the values', () => {
    fc.assert(
      fc.property(values, (x) => {
        const sen = senSlope(x)
        if (x.length < 2) {
          expect(sen.slope).toBeNull()
          return
        }
        expect(senSlope(x.map((value, i) => value + 5 * i)).slope).toBeCloseTo(sen.slope! + 5, 6)
        expect(sen.low! <= sen.slope! && sen.slope! <= sen.high!).toBe(true)
      }),
    )
  })
})
