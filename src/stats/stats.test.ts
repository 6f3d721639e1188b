import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kaplanMeier, survivalQuantile, type TimeCounts } from './kaplan-meier.ts'
import { shareClosedWithin } from './share-closed.ts'
import { wilson } from './wilson.ts'

/** Times of events and of censoring as counts by time. */
function counts(events: number[], censored: number[]): TimeCounts {
  const length = Math.max(0, ...events, ...censored) + 1
  const answer = { events: new Uint32Array(length), censored: new Uint32Array(length) }
  for (const time of events) answer.events[time]!++
  for (const time of censored) answer.censored[time]!++
  return answer
}

describe('kaplanMeier', () => {
  // Weeks of remission under 6-MP: E. J. Freireich et al., Blood 21 (1963); the table is printed in
  // Kalbfleisch and Prentice and in R's MASS::gehan.
  const remission = counts(
    [6, 6, 6, 7, 10, 13, 16, 22, 23],
    [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35],
  )
  const curve = kaplanMeier(remission)

  it('agrees with the published 6-MP curve', () => {
    expect([curve.n, curve.events, curve.censored]).toEqual([21, 9, 12])
    expect([...curve.times]).toEqual([6, 7, 10, 13, 16, 22, 23])
    const published = [0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448]
    published.forEach((value, i) => expect(curve.survival[i]).toBeCloseTo(value, 3))
  })

  it('gives the log-log limits of the 6-MP curve', () => {
    // At week 10: S = 0.7529, Greenwood's error 0.0963; worked by hand from the formula.
    const [s, error] = [curve.survival[2]!, 0.0963]
    const width = (1.959964 * error) / (s * Math.log(s))
    expect(curve.low[2]).toBeCloseTo(s ** Math.exp(-width), 3)
    expect(curve.high[2]).toBeCloseTo(s ** Math.exp(width), 3)
    expect(curve.low[2]! < s && s < curve.high[2]!).toBe(true)
  })

  it('finds the median 23, from 13 on, with no upper end', () => {
    expect(survivalQuantile(curve, 0.5)).toEqual({ time: 23, low: 13, high: null })
    expect(survivalQuantile(curve, 0.9)).toEqual({ time: null, low: null, high: null })
  })

  it('finds the placebo median 8 (4 to 11)', () => {
    const placebo = kaplanMeier(
      counts([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], []),
    )
    expect(survivalQuantile(placebo, 0.5)).toEqual({ time: 8, low: 4, high: 11 })
    expect(placebo.survival.at(-1)).toBe(0)
    expect(placebo.low.at(-1)).toBeNaN()
  })

  it('keeps the open ones: dropping them would halve the answer', () => {
    const open = kaplanMeier(counts([1, 2, 3, 4], [50, 50, 50, 50, 50]))
    expect(survivalQuantile(open, 0.5).time).toBeNull()
    expect(survivalQuantile(kaplanMeier(counts([1, 2, 3, 4], [])), 0.5).time).toBe(2)
  })

  it('says nothing of nobody', () => {
    const nobody = kaplanMeier(counts([], []))
    expect(nobody.n).toBe(0)
    expect(survivalQuantile(nobody, 0.5)).toEqual({ time: null, low: null, high: null })
  })

  it('is the empirical distribution where nothing is censored', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { minLength: 1, maxLength: 80 }), (times) => {
        const { times: steps, survival } = kaplanMeier(counts(times, []))
        steps.forEach((time, i) =>
          expect(survival[i]).toBeCloseTo(times.filter((t) => t > time).length / times.length, 10),
        )
      }),
    )
  })
})

describe('wilson', () => {
  // R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i is %f to %f', (count, n, low, high) => {
    const share = wilson(count, n)
    expect(share.low).toBeCloseTo(low, 4)
    expect(share.high).toBeCloseTo(high, 4)
  })

  it('mirrors itself and stays within 0 and 1', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), (count, others) => {
        const n = count + others
        const [one, other] = [wilson(count, n), wilson(others, n)]
        if (n === 0) {
          expect(one.share).toBeNull()
          return
        }
        expect(one.low! >= 0 && one.low! <= one.share! && one.share! <= one.high!).toBe(true)
        expect(one.high).toBeCloseTo(1 - other.low!, 12)
      }),
    )
  })

  it('refuses what is no share', () => {
    expect(() => wilson(3, 2)).toThrow(RangeError)
    expect(() => wilson(-1, 2)).toThrow(RangeError)
    expect(() => wilson(0.5, 2)).toThrow(RangeError)
  })
})

describe('shareClosedWithin', () => {
  it('leaves out those whose time has not run out, closed or open', () => {
    //               in time, late, open old, closed early but recent, open recent, exactly due
    const hours = [10, 100, 0, 5, 0, 47]
    const closed = [1, 1, 0, 1, 0, 1]
    const age = [500, 500, 500, 47, 20, 48]
    expect(shareClosedWithin(hours, closed, age, 48)).toMatchObject({
      count: 2,
      n: 4,
      share: 0.5,
      tooRecent: 2,
    })
  })

  it('has no share where nobody can be judged', () => {
    expect(shareClosedWithin([1], [1], [2], 48)).toMatchObject({ n: 0, share: null, tooRecent: 1 })
  })
})
