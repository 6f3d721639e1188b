import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../tests/bench/generate/random.ts'
import fixture from '../../tests/fixtures/statistics/knox.json' with { type: 'json' }
import { knox, type KnoxOptions } from './knox.ts'

const distances = [0, 100, 200]
const delays = [7, 14, 30]
const { x, y, times } = fixture
const test = (options: Partial<KnoxOptions> = {}) =>
  knox(x, y, times, { distances, delays, permutations: 99, random: seededRandom(3), ...options })

describe('knox', () => {
  it('counts and expects the pairs of R, band by band', () => {
    const { observed, expected } = test()
    const upTo = (values: Float64Array, band: number, delay: number) =>
      values.reduce(
        (sum, value, at) => (Math.floor(at / 3) <= band && at % 3 <= delay ? sum + value : sum),
        0,
      )
    for (const [distance, delay, seen, mean] of fixture.cumulative) {
      const [band, at] = [distances.indexOf(distance!), delays.indexOf(delay!)]
      expect(upTo(observed, band, at)).toBe(seen)
      // `null.value` of R: rows × columns ÷ all pairs
      expect(upTo(expected, band, at)).toBeCloseTo(mean!, 9)
    }
  })

  it.each(fixture.cumulative)(
    'within %d m and %d days has the p of R',
    (distance, delay, _seen, _mean, p) => {
      const one = test({ distances: [distance!], delays: [delay!], permutations: 1999 })
      // both are Monte Carlo: four standard errors of 2,000 and 1,999 runs
      const error = Math.sqrt(p! * (1 - p!) * (1 / 2000 + 1 / 1999)) + 1 / 1000
      expect(Math.abs(one.p[0]! - p!)).toBeLessThan(4 * error)
    },
  )

  it('expects the mean of its permutations', () => {
    const random = seededRandom(8)
    const runs = 300
    const mean = new Float64Array(9)
    for (let run = 0; run < runs; run++) {
      const order = times.map((time) => ({ time, at: random() })).sort((a, b) => a.at - b.at)
      const shuffled = order.map(({ time }) => time)
      const { observed } = knox(x, y, shuffled, { distances, delays, permutations: 1, random })
      observed.forEach((pairs, at) => (mean[at]! += pairs / runs))
    }
    test().expected.forEach((pairs, at) => {
      expect(Math.abs(mean[at]! - pairs)).toBeLessThan(5 * Math.sqrt(pairs / runs) + 0.1)
    })
  })

  it('finds all pairs of the definition', () => {
    const incident = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(9))
    fc.assert(
      fc.property(fc.array(incident, { maxLength: 40 }), (incidents) => {
        const [px, py, pt] = [0, 1, 2].map((k) => incidents.map((one) => one[k]!)) as [
          number[],
          number[],
          number[],
        ]
        const bands = { distances: [0, 2, 5], delays: [0, 3] }
        const answer = knox(px, py, pt, { ...bands, permutations: 1, random: seededRandom(1) })
        const counts = new Float64Array(6)
        incidents.forEach(([ax, ay, at], i) =>
          incidents.slice(i + 1).forEach(([bx, by, bt]) => {
            const band = bands.distances.findIndex((d) => Math.hypot(ax - bx, ay - by) <= d)
            const delay = bands.delays.findIndex((d) => Math.abs(at - bt) <= d)
            if (band >= 0 && delay >= 0) counts[band * 2 + delay]!++
          }),
        )
        expect(answer.observed).toEqual(counts)
        for (const value of [...answer.ratios, ...answer.p])
          expect(Number.isFinite(value)).toBe(true)
      }),
    )
  })

  it('refuses bands that do not ascend, missing times and too many pairs', () => {
    expect(() => test({ distances: [100, 100] })).toThrow(/ascend/)
    expect(() => test({ delays: [] })).toThrow(/bands/)
    expect(() => test({ distances: [1e9], maxPairs: 1000 })).toThrow(/narrow/)
    expect(() => knox([1], [1], [Number.NaN], { distances, delays, random: Math.random })).toThrow(
      /incident 0/,
    )
    expect(() => knox([1], [1], [], { distances, delays, random: Math.random })).toThrow(RangeError)
  })
})
