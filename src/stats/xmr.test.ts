import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import fixture from '../../tests/fixtures/statistics/satisfaction.json' with { type: 'json' }
import { xmrChart, xmrLimits, type XmrOptions } from './xmr.ts'

/** Rule and direction by point; '' is common cause. */
const named = (values: number[], options?: XmrOptions): string[] =>
  xmrChart(values, options).causes.map((cause) => (cause ? `${cause.rule} ${cause.direction}` : ''))
/** Twelve points about 0 with limits ±2.66 and near limits ±1.77: ranges of 1. */
const calm = [0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5]
const after = (...values: number[]): string[] =>
  named([...calm, ...values], { lockedTo: 12 }).slice(12)
const times = (length: number, word: string): string[] => Array.from({ length }, () => word)

describe('XmR limits', () => {
  it.each(fixture.xmr)('of $values agree with R', ({ values, limits }) => {
    const own = xmrLimits(values)!
    const list = [own.mean, own.range, own.low, own.high, own.nearLow, own.nearHigh, own.leftOut]
    limits.forEach((limit, i) => expect(list[i]).toBeCloseTo(limit, 9))
  })

  it('leave the ranges of one outlier out: 4.604 and −0.716', () => {
    const { mean, high, low } = xmrLimits([1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1])!
    expect([mean, high, low].map((one) => one.toFixed(3))).toEqual(['1.944', '4.604', '-0.716'])
  })

  it('are trial limits under 12 points, and none without points', () => {
    expect(xmrLimits(calm.slice(1))!.isTrial).toBe(true)
    expect(xmrLimits(calm)!.isTrial).toBe(false)
    expect(xmrChart([])).toEqual({ limits: null, causes: [], assurance: null })
    expect(() => xmrLimits([1, Number.NaN])).toThrow(RangeError)
  })

  it('are locked to 12 points or more, and later points do not move them', () => {
    const chart = xmrChart([...calm, 9, 9], { lockedTo: 12 })
    expect(chart.limits).toEqual(xmrLimits(calm))
    expect(() => xmrChart(calm, { lockedTo: 11 })).toThrow(RangeError)
    expect(() => xmrChart(calm, { lockedTo: 13 })).toThrow(RangeError)
  })
})

describe('special causes', () => {
  it('are a point outside the limits', () => {
    expect(after(2.7, 0, -2.7)).toEqual(['outside high', '', 'outside low'])
    expect(after(2.6, 0, -2.6)).toEqual(['', '', ''])
  })

  it('are seven points, each above the one before', () => {
    const rise = [-0.6, -0.4, -0.2, 0.1, 0.3, 0.5, 0.7]
    expect(after(...rise)).toEqual(times(7, 'trend high'))
    expect(after(-0.5, ...rise.slice(1, 7))).toEqual(times(7, 'trend high'))
    expect(after(0.5, ...rise.slice(1))).toEqual(times(7, ''))
    expect(after(...rise.toReversed())).toEqual(times(7, 'trend low'))
  })

  it('are two of three beyond a near limit with all three on the same side', () => {
    expect(after(2, 0.5, 2, -1)).toEqual(['two-of-three high', '', 'two-of-three high', ''])
    expect(after(2, -0.5, 2, -1)).toEqual(['', '', '', ''])
    expect(after(1, -2, -2, 1)).toEqual(['', '', '', ''])
    expect(after(-2, -2, -1)).toEqual([...times(2, 'two-of-three low'), ''])
  })

  it('are seven points on one side of the mean; the mean itself is no side', () => {
    const side = [0.5, 0.4, 0.5, 0.4, 0.5, 0.4, 0.5]
    expect(after(...side)).toEqual(times(7, 'shift high'))
    expect(after(...side.slice(1))).toEqual(times(6, ''))
    expect(after(...side.slice(0, 3), 0, ...side.slice(3))).toEqual(times(8, ''))
  })

  it('are named by the first rule in order', () => {
    expect(after(2.7, 2, 0.5, 0.4, 0.5, 0.4, 0.5)).toEqual([
      'outside high',
      'two-of-three high',
      ...times(5, 'shift high'),
    ])
  })

  it('mean improvement or concern by the better direction', () => {
    const meaning = (better: 'high' | 'low' | null) =>
      xmrChart([...calm, 3], { lockedTo: 12, better }).causes[12]!.meaning
    expect([meaning('high'), meaning('low'), meaning(null)]).toEqual([
      'improvement',
      'concern',
      null,
    ])
  })

  it('are unchanged by shift and positive scale, and mirrored by a negative one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 40 }), (values) => {
        const turned = named(values.map((value) => -value))
        const mirror = (word: string) =>
          word.endsWith('high') ? word.replace('high', 'low') : word.replace('low', 'high')
        expect(turned.map(mirror)).toEqual(named(values))
      }),
    )
    expect(named(times(30, '').map(() => 7))).toEqual(times(30, ''))
  })
})

describe('assurance', () => {
  const of = (better: 'high' | 'low' | null, target: number | null) =>
    xmrChart(calm, { better, target }).assurance

  it('tells always, never and chance', () => {
    expect([of('high', -3), of('high', 3), of('high', 0)]).toEqual(['always', 'never', 'chance'])
    expect([of('low', -3), of('low', 3), of('low', 0)]).toEqual(['never', 'always', 'chance'])
    expect([of(null, 3), of('high', null)]).toEqual([null, null])
  })
})
