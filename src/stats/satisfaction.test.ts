import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import fixture from '../../tests/fixtures/statistics/satisfaction.json' with { type: 'json' }
import { shrunkenShares } from './beta-binomial.ts'
import { directRate } from './direct-rate.ts'
import { overdispersion, funnelZone, ratioFunnel, shareFunnel, shareScores } from './funnel.ts'
import { benjaminiHochberg } from './correct.ts'
import { kaplanMeier, survivalQuantile } from './kaplan-meier.ts'
import { pChart } from './p-chart.ts'
import { exactShare, shareDifference, shareDifferenceP } from './proportion.ts'
import { rankShares } from './rank-shares.ts'
import { wilson } from './wilson.ts'

/** Relative above 1, absolute below. */
function near(actual: number | null, expected: number | null | undefined, tolerance = 1e-9): void {
  if (expected === null || expected === undefined || actual === null) {
    expect(actual).toBe(expected)
    return
  }
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(
    tolerance * Math.max(1, Math.abs(expected)),
  )
}
const nearAll = (actual: (number | null)[], expected: (number | null)[]): void => {
  expect(actual).toHaveLength(expected.length)
  expected.forEach((value, i) => near(actual[i]!, value))
}
/** n = 0, one answer, all, none and a million among them. */
const counted = fc
  .oneof(fc.constant(0), fc.constant(1), fc.nat(60), fc.constant(1_000_000))
  .chain((n) =>
    fc.record({ n: fc.constant(n), count: fc.oneof(fc.constant(0), fc.constant(n), fc.nat(n)) }),
  )

describe('intervals of a share', () => {
  it.each(fixture.shares)('of %d in %d agree with R', (k, n, ...limits) => {
    const [score, exact, wide] = [wilson(k!, n!), exactShare(k!, n!), exactShare(k!, n!, 0.998)]
    nearAll(
      [score, exact, wide].flatMap(({ low, high }) => [low, high]),
      limits,
    )
  })

  it('hold the share, and the exact one is the wider upwards from the edges', () => {
    fc.assert(
      fc.property(counted, ({ count, n }) => {
        const exact = exactShare(count, n)
        if (n === 0) return exact.low === null && exact.share === null && exact.high === null
        const { low, share, high } = exact
        return 0 <= low! && low! <= share! && share! <= high! && high! <= 1 && low! < high!
      }),
    )
    expect(() => exactShare(3, 2)).toThrow(RangeError)
    expect(() => exactShare(1, 2, 1)).toThrow(RangeError)
  })
})

describe('the difference of two shares', () => {
  it.each(fixture.differences)('of %d in %d and %d in %d agrees with R', (a, n, b, m, ...rest) => {
    const [first, second] = [
      { count: a!, n: n! },
      { count: b!, n: m! },
    ]
    const { difference, low, high } = shareDifference(first, second)
    nearAll([difference, low, high, shareDifferenceP(first, second)], rest)
  })

  it('is clear at 0.05 exactly where the interval leaves out 0, and the same in both directions', () => {
    fc.assert(
      fc.property(counted, counted, (first, second) => {
        const { difference, low, high } = shareDifference(first, second)
        const p = shareDifferenceP(first, second)
        expect(shareDifferenceP(second, first)).toBe(p)
        if (difference === null) {
          expect(p).toBe(1)
          return
        }
        expect(-1 <= low! && low! <= difference && difference <= high! && high! <= 1).toBe(true)
        if (Math.abs(p - 0.05) > 1e-9) expect(p < 0.05).toBe(low! > 0 || high! < 0)
      }),
    )
  })
})

describe('shrunken shares', () => {
  const of = (at: number) => fixture.shrunken.map((row) => row[at]!)

  it('agree with R', () => {
    const { mean, priorAnswers, shares, low, high } = shrunkenShares(of(0), of(1))
    nearAll([mean, priorAnswers], fixture.prior)
    nearAll([...shares], of(2))
    nearAll([...low], of(3))
    nearAll([...high], of(4))
  })

  it('lie between the own share and that of all', () => {
    fc.assert(
      fc.property(fc.array(counted, { maxLength: 12 }), (groups) => {
        const counts = groups.map(({ count }) => count)
        const ns = groups.map(({ n }) => n)
        const { mean, shares, low, high } = shrunkenShares(counts, ns)
        if (mean === null) {
          expect([...shares].every(Number.isNaN)).toBe(true)
          return
        }
        shares.forEach((share, i) => {
          const own = ns[i] ? counts[i]! / ns[i]! : mean
          expect(share).toBeGreaterThanOrEqual(Math.min(own, mean) - 1e-12)
          expect(share).toBeLessThanOrEqual(Math.max(own, mean) + 1e-12)
          expect(0 <= low[i]! && low[i]! <= high[i]! && high[i]! <= 1).toBe(true)
        })
      }),
    )
  })

  it('are all alike where groups differ no more than by chance', () => {
    const { priorAnswers, shares, low, high } = shrunkenShares([5, 50, 0], [10, 100, 0])
    expect(priorAnswers).toBe(Number.POSITIVE_INFINITY)
    expect([...shares]).toEqual([0.5, 0.5, 0.5])
    expect([low[0], high[0]]).toEqual([wilson(55, 110).low, wilson(55, 110).high])
  })
})

describe('the ranking of shares', () => {
  it('ties 12 of 13 and 13 of 13', () => {
    const { ranked, tooFew } = rankShares([12, 13], [13, 13])
    expect(ranked.map(({ group, best, worst }) => [group, best, worst])).toEqual([
      [1, 1, 2],
      [1, 1, 2],
    ])
    expect(tooFew).toEqual([])
  })

  it('calls those pairs different that R does', () => {
    const [counts, ns] = [0, 1].map((at) => fixture.shrunken.map((row) => row[at]!))
    const { ranked, tooFew } = rankShares(counts!, ns!)
    expect(tooFew).toEqual([5])
    const share = (i: number) => counts![i]! / ns![i]!
    for (const { index, best, worst } of ranked) {
      const clear = fixture.clear.filter((pair) => pair.includes(index))
      const others = clear.map(([a, b]) => (a === index ? b! : a!))
      expect(best).toBe(1 + others.filter((other) => share(other) > share(index)).length)
      expect(worst).toBe(9 - others.filter((other) => share(other) < share(index)).length)
    }
  })

  it('tells a clear difference apart, in either order, and never ranks too few answers', () => {
    const counts = [900, 990, 3, 905]
    const ns = [1000, 1000, 9, 1000]
    const upwards = rankShares(counts, ns)
    expect(upwards.ranked.map(({ index, group }) => [index, group])).toEqual([
      [1, 1],
      [3, 2],
      [0, 2],
    ])
    expect(upwards.tooFew).toEqual([2])
    const downwards = rankShares(counts, ns, { moreIsBetter: false })
    expect(downwards.ranked.map(({ index, best, worst }) => [index, best, worst])).toEqual([
      [0, 1, 2],
      [3, 1, 2],
      [1, 3, 3],
    ])
  })

  it('puts each entry into one place, with groups and ranks in order', () => {
    fc.assert(
      fc.property(fc.array(counted, { maxLength: 12 }), (groups) => {
        const { ranked, tooFew } = rankShares(
          groups.map(({ count }) => count),
          groups.map(({ n }) => n),
        )
        expect(ranked.length + tooFew.length).toBe(groups.length)
        // all pairs, of which those without a chance are not computed
        const pairs = ranked.flatMap((a, at) => ranked.slice(at + 1).map((b) => [a, b] as const))
        const p = benjaminiHochberg(pairs.map(([a, b]) => shareDifferenceP(a, b)))
        const clear = pairs.filter((_, at) => p[at]! < 0.05)
        ranked.forEach(({ n, best, worst, group }, at) => {
          const better = clear.filter(
            ([a, b]) =>
              (a === ranked[at] && b.share! > a.share!) ||
              (b === ranked[at] && a.share! > b.share!),
          )
          expect(best).toBe(1 + better.length)
          expect(n >= 10 && 1 <= best && best <= worst && worst <= ranked.length).toBe(true)
          const step = group - (at === 0 ? 0 : ranked[at - 1]!.group)
          expect(at === 0 ? step === 1 : step === 0 || step === 1).toBe(true)
        })
      }),
    )
  })
})

describe('funnels', () => {
  it.each(fixture.shareFunnels)('of %d answers about %d agree with R', (n, p0, phi, ...limits) => {
    const { inner, outer } = shareFunnel(n!, p0!, phi)
    nearAll([inner.low, inner.high, outer.low, outer.high], limits)
  })

  it.each(fixture.ratioFunnels)('of %d expected agree with R', (expected, ...limits) => {
    const { inner, outer } = ratioFunnel(expected!)
    nearAll([inner.low, inner.high, outer.low, outer.high], limits)
  })

  it('know 0.877 and 0.824 for 13 answers about 0.97', () => {
    const { inner, outer } = shareFunnel(13, 0.97)
    expect([inner.low.toFixed(3), outer.low.toFixed(3)]).toEqual(['0.877', '0.824'])
    expect([0.5, 0.85, 0.9, 1].map((share) => funnelZone(share, { inner, outer }))).toEqual([
      ...['very-low', 'low', 'inside', 'inside'],
    ])
  })

  it('widen by the over-dispersion, and never become narrower', () => {
    const [counts, ns] = [0, 1].map((at) => fixture.shrunken.map((row) => row[at]!))
    near(overdispersion(shareScores(counts!, ns!, fixture.prior[0]!)), fixture.dispersion[0])
    expect(overdispersion([0.1, -0.1, 0])).toBe(1)
    expect(overdispersion([])).toBe(1)
    near(ratioFunnel(100, 4).inner.high, 1 + 2 * 0.1 * 1.959963984540054)
  })
})

describe('the p-chart', () => {
  it('and Laney’s agree with R', () => {
    const of = (at: number) => fixture.p.map((row) => row[at]!)
    const chart = pChart(of(0), of(1))
    near(chart.sigma, fixture.laney[0])
    const parts = [chart.low, chart.high, chart.laneyLow, chart.laneyHigh]
    parts.forEach((limits, at) => nearAll([...limits], of(at + 2)))
  })

  it('leaves a gap without answers and stays within 0 and 1', () => {
    const { shares, laneyHigh, sigma } = pChart([0, 1, 0, 10], [0, 1, 0, 10])
    expect([...shares]).toEqual([Number.NaN, 1, Number.NaN, 1])
    expect([laneyHigh[1], sigma]).toEqual([1, 0])
    expect(pChart([0], [0])).toMatchObject({ mean: null, sigma: 1 })
  })
})

describe('the curve of times to close', () => {
  it('and its median agree with R', () => {
    const length = Math.max(...fixture.kmTimes) + 1
    const times = { events: new Uint32Array(length), censored: new Uint32Array(length) }
    fixture.kmTimes.forEach(
      (time, i) => times[fixture.kmEvents[i] ? 'events' : 'censored'][time]!++,
    )
    const curve = kaplanMeier(times)
    const of = (at: number) => fixture.km.map((row) => row[at]!)
    nearAll([...curve.times], of(0))
    nearAll([...curve.survival], of(1))
    const known = (limits: Float64Array) =>
      [...limits].map((one) => (Number.isNaN(one) ? null : one))
    nearAll(known(curve.low), of(2))
    nearAll(known(curve.high), of(3))
    const { time, low, high } = survivalQuantile(curve, 0.5)
    expect([time, low, high]).toEqual(fixture.kmMedian)
  })
})

describe('direct standardisation', () => {
  const strata: [number[], number[], number[]] = [
    [12, 30, 4],
    [40, 300, 25],
    [500, 2500, 900],
  ]

  it.each([
    ['count', fixture.directCount],
    ['share', fixture.directShare],
  ] as const)('of a %s agrees with R', (kind, expected) => {
    const { rate, variance, low, high } = directRate(...strata, { kind })
    nearAll([rate, variance, low, high], expected)
  })

  it('gives the plain rate where the mix is the standard’s', () => {
    const { rate, low, high } = directRate([3, 9], [10, 20], [10, 20], { kind: 'share' })
    near(rate, 0.4)
    expect(low! < 0.4 && high! > 0.4).toBe(true)
  })

  it('hides fewer than 10 events, and says which weight has no cases', () => {
    expect(directRate([9], [20], [1], { kind: 'share' })).toMatchObject({
      hidden: true,
      rate: null,
    })
    const answer = directRate([10, 0], [20, 0], [3, 1], { kind: 'count' })
    expect(answer).toMatchObject({ hidden: false, rate: 0.5, missingWeight: 0.25 })
    expect(() => directRate([1], [0], [1], { kind: 'count' })).toThrow(RangeError)
    expect(() => directRate([3], [2], [1], { kind: 'share' })).toThrow(RangeError)
  })
})
