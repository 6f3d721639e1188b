import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import fixture from '../../tests/fixtures/statistics/counts.json' with { type: 'json' }
import { betaTails } from './beta.ts'
import { binomialTest, compareCounts } from './change.ts'
import { gammaQuantile, gammaTails } from './gamma.ts'
import { byarInterval, poissonInterval, poissonTails, poissonTest } from './poisson.ts'
import { expectedCounts, standardisedRatio } from './sir.ts'

/** Relative where large, absolute where small. */
function near(actual: number | null, expected: number | null | undefined, tolerance = 1e-9): void {
  if (expected === null || expected === undefined || actual === null) {
    expect(actual).toBe(expected)
    return
  }
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected))
}

const count = fc.nat(1_000_000)
const exposure = fc.double({ min: 0.01, max: 1000, noNaN: true })

describe('tails of the gamma and beta distributions', () => {
  it.each(fixture.gammas)('of a = %d at %d agree with R', (a, x, lower, upper) => {
    near(gammaTails(a!, x!).lower, lower)
    near(gammaTails(a!, x!).upper, upper)
  })

  it.each(fixture.betas)('of a = %d, b = %d at %d agree with R', (a, b, x, lower, upper) => {
    near(betaTails(a!, b!, x!).lower, lower)
    near(betaTails(a!, b!, x!).upper, upper)
  })

  it('are undone by the quantile', () => {
    const share = fc.double({ min: 1e-6, max: 0.999, noNaN: true })
    fc.assert(
      fc.property(share, fc.integer({ min: 1, max: 100_000 }), (p, a) => {
        near(gammaTails(a, gammaQuantile(p, a)).lower, p, 1e-8)
        near(gammaTails(a, gammaQuantile(p, a, 'upper')).upper, p, 1e-8)
      }),
    )
  })

  it('refuse what they are not defined for', () => {
    expect(() => gammaTails(0, 1)).toThrow(RangeError)
    expect(() => gammaTails(1, Number.NaN)).toThrow(RangeError)
    expect(() => betaTails(1, 1, 1.5)).toThrow(RangeError)
    expect(() => gammaQuantile(1, 2)).toThrow(RangeError)
  })
})

describe('poissonInterval', () => {
  it.each(fixture.intervals)('of %d at level %d agrees with R', (k, level, low, high) => {
    near(poissonInterval(k!, level!).low, low)
    near(poissonInterval(k!, level!).high, high)
  })

  it('is approached by Byar from 10 on within 1 %', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 1_000_000 }), (k) => {
        near(byarInterval(k).low, poissonInterval(k).low, 0.01)
        near(byarInterval(k).high, poissonInterval(k).high, 0.01)
      }),
    )
    expect(byarInterval(0).low).toBe(0)
    near(byarInterval(0).high, poissonInterval(0).high, 0.02)
  })

  it('refuses parts of a count and NaN', () => {
    for (const bad of [-1, 0.5, Number.NaN, Infinity])
      expect(() => poissonInterval(bad)).toThrow(/whole/)
    expect(() => poissonInterval(1, 1)).toThrow(/level/)
  })
})

describe('poissonTest', () => {
  it.each(fixture.tails)('of %d at mean %d agrees with R', (k, mean, atMost, atLeast, p) => {
    near(poissonTails(k!, mean!).atMost, atMost)
    near(poissonTails(k!, mean!).atLeast, atLeast)
    near(poissonTest(k!, mean!), p)
  })

  it('stays between 0 and 1', () => {
    fc.assert(
      fc.property(count, fc.double({ min: 0, max: 1e6, noNaN: true }), (k, mean) => {
        const p = poissonTest(k, mean)
        expect(p >= 0 && p <= 1).toBe(true)
      }),
    )
  })
})

describe('compareCounts', () => {
  it.each(fixture.changes)(
    'of %d after %d in %d and %d agrees with R',
    (now, before, exposureNow, exposureBefore, ratio, low, high, p) => {
      const change = compareCounts(now!, before!, {
        exposureNow: exposureNow!,
        exposureBefore: exposureBefore!,
      })
      near(change.ratio, ratio)
      near(change.low, low)
      near(change.high, high)
      near(change.p, p)
    },
  )

  it('mirrors itself when the periods are exchanged', () => {
    fc.assert(
      fc.property(count, count, exposure, exposure, (a, b, ea, eb) => {
        const there = compareCounts(a, b, { exposureNow: ea, exposureBefore: eb })
        const back = compareCounts(b, a, { exposureNow: eb, exposureBefore: ea })
        near(there.p, back.p, 1e-7)
        if (back.high !== null) near(there.low, 1 / back.high, 1e-7)
        if (there.high !== null) near(there.high, 1 / back.low, 1e-7)
      }),
    )
  })

  it('never gives NaN, and holds the ratio within its limits', () => {
    fc.assert(
      fc.property(count, count, exposure, exposure, (a, b, exposureNow, exposureBefore) => {
        const { ratio, low, high, p, expected } = compareCounts(a, b, {
          exposureNow,
          exposureBefore,
        })
        for (const value of [ratio, low, high, p, expected]) expect(value).not.toBeNaN()
        expect(p >= 0 && p <= 1).toBe(true)
        if (ratio !== null) expect(low <= ratio && ratio <= high!).toBe(true)
      }),
    )
  })

  it('says nothing of nothing', () => {
    expect(compareCounts(0, 0)).toMatchObject({ ratio: null, low: 0, high: null, p: 1 })
  })

  it('refuses periods without length and shares beyond 1', () => {
    expect(() => compareCounts(1, 1, { exposureNow: 0 })).toThrow(/exposure/)
    expect(() => compareCounts(1, Number.NaN)).toThrow(/before/)
    expect(() => binomialTest(2, 1, 0.5)).toThrow(RangeError)
    expect(() => binomialTest(1, 2, 1.5)).toThrow(RangeError)
  })
})

describe('standardisedRatio', () => {
  it('agrees with R where 41 were observed and 13.2 expected', () => {
    const { ratio, low, high, p } = standardisedRatio(41, 13.2)
    near(ratio, 41 / 13.2)
    // poisson.test(41, 13.2)
    near(low, 29.42230786845528101 / 13.2)
    near(high, 55.62112956573491118 / 13.2)
    near(p, fixture.tails.find(([k, mean]) => k === 41 && mean === 13.2)?.[4])
  })

  it('has no ratio where nothing is expected', () => {
    expect(standardisedRatio(3, 0)).toMatchObject({ ratio: null, low: null, high: null, p: null })
    expect(() => standardisedRatio(3, Number.NaN)).toThrow(/expected/)
  })
})

describe('expectedCounts', () => {
  it('shares the incidents out by households', () => {
    const { counts, excluded } = expectedCounts([6, 3, 9, 2], [100, 50, 0, 150], 4)
    expect([...counts]).toEqual([(11 * 100) / 300, (11 * 50) / 300, 0, (11 * 150) / 300])
    expect(excluded).toEqual([2])
  })

  it('adds strata', () => {
    // two strata of two areas: 1 in 10 and 1 in 100
    const { counts } = expectedCounts([2, 3, 1, 0], [10, 40, 60, 40], 2)
    near(counts[0]!, 10 * 0.1 + 60 * 0.01)
    near(counts[1]!, 40 * 0.1 + 40 * 0.01)
  })

  it('sums to the observed count of areas with households', () => {
    const area = fc.tuple(fc.nat(1000), fc.nat(5000))
    fc.assert(
      fc.property(fc.array(area), (areas) => {
        const counts = areas.map(([n]) => n)
        const homes = areas.map(([, h]) => h)
        const expected = expectedCounts(counts, homes, areas.length)
        const total = areas.reduce((sum, [n, h]) => sum + (h > 0 ? n : 0), 0)
        expect(expected.counts.reduce((sum, n) => sum + n, 0)).toBeCloseTo(total, 6)
        expect(expected.counts).not.toContain(Number.NaN)
      }),
    )
  })

  it('refuses rows that do not fit', () => {
    expect(() => expectedCounts([1], [1, 2], 1)).toThrow(RangeError)
    expect(() => expectedCounts([Number.NaN], [1], 1)).toThrow(/count 0/)
  })
})
