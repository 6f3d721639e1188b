import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { benjaminiHochberg, bonferroni } from './correct.ts'
import { normalCdf, normalQuantile, normalTail, twoSidedP } from './normal.ts'
import { seededRandom } from './random.ts'
import { reference, referenceNames } from '../../tests/fixtures/stats/reference.ts'
import { compensatedSum } from './sum.ts'

/** print(pnorm(z, lower.tail = FALSE), digits = 17) */
const tails: [number, number][] = [
  [-8, 0.99999999999999933],
  [-3.2, 0.99931286206208414],
  [-0.6, 0.72574688224992645],
  [0, 0.5],
  [0.3, 0.38208857781104733],
  [0.67, 0.25142889509531013],
  [0.68, 0.24825223045357053],
  [1, 0.15865525393145705],
  [1.959963984540054, 0.025000000000000012],
  [2.5, 0.0062096653257761349],
  [4.2, 1.3345749015906329e-5],
  [5.65, 8.0223918506634971e-9],
  [5.66, 7.5686497519977138e-9],
  [8, 6.2209605742717849e-16],
  [15, 3.6709661993127514e-51],
  [30, 4.9067139271481872e-198],
  [37.5, 4.6053530095819552e-308],
]

/** print(qnorm(p), digits = 17) */
const quantiles: [number, number][] = [
  [1e-300, -37.047096299361201],
  [9.999999999999999e-21, -9.2623400897984052],
  [1e-9, -5.9978070150076865],
  [1e-4, -3.71901648545568],
  [0.025, -1.9599639845400538],
  [0.074, -1.4466320671589785],
  [0.075, -1.4395314709384557],
  [0.2, -0.84162123357291418],
  [0.5, 0],
  [0.7, 0.52440051270804067],
  [0.925, 1.4395314709384559],
  [0.93, 1.4757910281791708],
  [0.975, 1.9599639845400536],
  [0.9999, 3.7190164854557084],
]

describe('compensatedSum', () => {
  it('keeps a million tenths and what large values would swallow', () => {
    expect(compensatedSum(new Float64Array(1_000_000).fill(0.1))).toBe(100_000)
    expect(compensatedSum([1, 1e100, 1, -1e100])).toBe(2)
    expect(compensatedSum([])).toBe(0)
    expect(compensatedSum([1e308, 1e308])).toBe(Infinity)
  })
})

describe('the normal distribution', () => {
  it('has the tail of R to 1e-14 of itself', () => {
    for (const [z, tail] of tails) {
      expect(Math.abs(normalTail(z) / tail - 1), String(z)).toBeLessThan(1e-14)
      expect(normalCdf(-z)).toBe(normalTail(z))
    }
    expect(normalTail(50)).toBe(0)
    expect(twoSidedP(0)).toBe(1)
  })

  it('has the quantile of R, and it is the inverse', () => {
    for (const [p, z] of quantiles) expect(Math.abs(normalQuantile(p) - z)).toBeLessThan(1e-13)
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1, noNaN: true, maxExcluded: true }), (p) => {
        expect(Math.abs(normalCdf(normalQuantile(p)) / p - 1)).toBeLessThan(1e-11)
      }),
    )
    expect(normalQuantile(0)).toBe(-Infinity)
    expect(normalQuantile(1)).toBe(Infinity)
    expect(() => normalQuantile(1.1)).toThrow(RangeError)
    expect(() => normalQuantile(Number.NaN)).toThrow(RangeError)
  })
})

describe('seededRandom', () => {
  it('repeats itself, and differs for seeds that differ by one', () => {
    const take = (seed: number): number[] => {
      const random = seededRandom(seed)
      return Array.from({ length: 5 }, () => random.uint32())
    }
    expect(take(1)).toEqual(take(1))
    expect(new Set([...take(1), ...take(2), ...take(-1)]).size).toBe(15)
  })

  it('fills 0 to n − 1 and the unit evenly', () => {
    const random = seededRandom(3)
    const counts = new Uint32Array(10)
    let sum = 0
    for (let i = 0; i < 100_000; i++) {
      counts[random.below(10)]!++
      sum += random.unit()
    }
    // χ² with 9 degrees of freedom passes 27.9 once in a thousand
    expect(counts.reduce((chi, count) => chi + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(
      27.9,
    )
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(0.004)
  })
})

describe('corrections for many tests', () => {
  it.each(referenceNames)('benjaminiHochberg equals p.adjust on %s', (name) => {
    const data = reference(name)
    const p = data.column('GiStar_p2_B').map((value) => value!)
    const expected = data.column('GiStar_p2_BH_B')
    for (const [i, value] of benjaminiHochberg(p).entries()) {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-12)
    }
  })

  it('never falls below p, keeps the order, and Bonferroni is the stricter', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (p) => {
        const fdr = benjaminiHochberg(p)
        const strict = bonferroni(p)
        for (let i = 0; i < p.length; i++) {
          expect(fdr[i]! >= p[i]! - 1e-15 && fdr[i]! <= 1).toBe(true)
          expect(strict[i]! >= fdr[i]! - 1e-15).toBe(true)
          for (let j = 0; j < p.length; j++)
            if (p[i]! <= p[j]!) expect(fdr[i]! <= fdr[j]!).toBe(true)
        }
      }),
    )
  })

  it('counts only the tests that took place', () => {
    expect([...benjaminiHochberg([0.01, 1, 0.04], [1, 0, 1])]).toEqual([0.02, 1, 0.04])
    expect([...bonferroni([0.01, 1, 0.04], [1, 0, 1])]).toEqual([0.02, 1, 0.08])
    expect(() => benjaminiHochberg([0.1, Number.NaN])).toThrow(RangeError)
    expect(() => bonferroni([0.1], [1, 1])).toThrow(RangeError)
  })
})
