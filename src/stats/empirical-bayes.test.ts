import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import fixture from '../../tests/fixtures/statistics/empirical-bayes.json' with { type: 'json' }
import { globalSmoothedRates, localSmoothedRates } from './empirical-bayes.ts'

const weights = {
  starts: Uint32Array.from(fixture.starts),
  neighbours: Uint32Array.from(fixture.neighbours),
}
const alone = { starts: new Uint32Array(2), neighbours: new Uint32Array(0) }

describe('smoothed rates', () => {
  it('of the city agree with EBest of spdep', () => {
    const { rates } = globalSmoothedRates(fixture.counts, fixture.households)
    fixture.global.forEach((rate, area) => expect(rates[area]).toBeCloseTo(rate, 14))
  })

  it('of the neighbourhood agree with EBlocal of spdep', () => {
    const { rates } = localSmoothedRates(fixture.counts, fixture.households, weights)
    fixture.local.forEach((rate, area) => expect(rates[area]).toBeCloseTo(rate, 14))
  })

  it('leave out areas without households and give them the mean', () => {
    const { rates, ownWeights, excluded } = globalSmoothedRates(
      [5, 100, 9, 3],
      [50, 0, 300, Number.NaN],
    )
    expect(excluded).toEqual([1, 3])
    expect(rates[1]).toBeCloseTo(14 / 350, 15)
    expect([ownWeights[1], ownWeights[3]]).toEqual([0, 0])
  })

  it('say nothing of nobody', () => {
    expect(globalSmoothedRates([], []).rates).toHaveLength(0)
    expect([...globalSmoothedRates([4], [0]).rates]).toEqual([0])
    expect([...localSmoothedRates([4], [100], alone).rates]).toEqual([0.04])
  })

  it('lie between the own rate and the mean, without NaN', () => {
    const area = fc.tuple(fc.nat(1_000_000), fc.nat(1_000_000))
    fc.assert(
      fc.property(fc.array(area, { minLength: 1 }), (areas) => {
        const counts = areas.map(([n]) => n)
        const homes = areas.map(([, h]) => h)
        const { rates, ownWeights } = globalSmoothedRates(counts, homes)
        const known = areas.filter(([, h]) => h > 0)
        const mean =
          known.reduce((sum, [n]) => sum + n, 0) / known.reduce((sum, [, h]) => sum + h, 0) || 0
        areas.forEach(([n, h], i) => {
          const own = h > 0 ? n / h : mean
          const slack = 1e-12 * (own + mean)
          expect(rates[i]).toBeGreaterThanOrEqual(Math.min(own, mean) - slack)
          expect(rates[i]).toBeLessThanOrEqual(Math.max(own, mean) + slack)
          expect(ownWeights[i]! >= 0 && ownWeights[i]! <= 1).toBe(true)
        })
      }),
    )
  })

  it('do not depend on the order of the areas', () => {
    const turned = globalSmoothedRates(fixture.counts.toReversed(), fixture.households.toReversed())
    const { rates } = globalSmoothedRates(fixture.counts, fixture.households)
    turned.rates.reverse().forEach((rate, i) => expect(rate).toBeCloseTo(rates[i]!, 14))
  })

  it('refuse what does not fit', () => {
    expect(() => globalSmoothedRates([1], [1, 2])).toThrow(RangeError)
    expect(() => globalSmoothedRates([Number.NaN], [1])).toThrow(/count 0/)
    expect(() => localSmoothedRates([1, 2], [1, 2], alone)).toThrow(/weights/)
  })
})
