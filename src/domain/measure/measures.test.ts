import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBeyondChance } from './chance.ts'
import { measures, usualMeasure } from './index.ts'
import type { AreaFigures } from './measure.ts'

const figures = (some: Partial<AreaFigures>): AreaFigures => ({
  count: 0,
  open: 0,
  overdue: 0,
  within_day: 0,
  households: null,
  squareKm: null,
  closing: null,
  before: null,
  ...some,
})
const median = (time: number | null) => ({ time, low: 1, high: null })

describe('rates', () => {
  it('divide by thousands of households and by square kilometres', () => {
    const area = figures({ count: 30, households: 12_000, squareKm: 1.5 })
    expect(measures.per_households.read(area)).toMatchObject({
      verdict: 'value',
      value: 2.5,
      n: 30,
    })
    expect(measures.per_km2.read(area)).toMatchObject({ verdict: 'value', value: 20, n: 30 })
  })

  it('are not judged below five incidents or fifty households, and tell the value', () => {
    const { read } = measures.per_households
    expect(read(figures({ count: 4, households: 1000 }))).toMatchObject({
      verdict: 'few',
      value: 4,
    })
    expect(read(figures({ count: 5, households: 1000 })).verdict).toBe('value')
    expect(read(figures({ count: 40, households: 49 })).verdict).toBe('few')
    expect(read(figures({ households: 1000 }))).toMatchObject({ verdict: 'zero', value: 0 })
  })

  it.each([null, 0])('know nothing with %s households', (households) => {
    const reading = measures.per_households.read(figures({ count: 9, households }))
    expect(reading).toMatchObject({ verdict: 'unknown', value: null })
  })
})

describe('the median time to close', () => {
  const { read } = measures.median
  it('is judged from ten incidents on', () => {
    expect(read(figures({ closing: { n: 10, median: median(30) } }))).toMatchObject({
      verdict: 'value',
      value: 30,
      interval: { low: 1, high: null },
    })
    expect(read(figures({ closing: { n: 9, median: median(30) } })).verdict).toBe('few')
  })

  it('is not reached while more than half are open, and zero where nothing could be closed', () => {
    expect(read(figures({ closing: { n: 10, median: median(null) } })).verdict).toBe('not_reached')
    expect(read(figures({ count: 3 })).verdict).toBe('zero')
  })
})

describe('change', () => {
  const verdict = (count: number, before: number) =>
    measures.period_change.read(figures({ count, before })).verdict
  it('is coloured only where it is more than chance', () => {
    expect([verdict(20, 8), verdict(18, 8), verdict(5, 4), verdict(0, 0)]).toEqual([
      'value',
      'chance',
      'few',
      'zero',
    ])
    expect(measures.period_change.read(figures({ count: 3 })).verdict).toBe('unknown')
  })

  it('has no bound after nothing', () => {
    const { value } = measures.year_change.read(figures({ count: 12, before: 0 }))
    expect(value).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('isBeyondChance', () => {
  // p-values by sums of exact fractions
  it.each([
    [5, 0, false], // 0.0625
    [6, 0, true], // 0.03125
    [15, 5, true], // 0.04139
    [14, 5, false], // 0.06357
    [531, 469, false], // 0.0537
    [532, 468, true], // 0.0463
    [1044, 956, false], // 0.0517
    [1045, 955, true], // 0.0466
  ])('says of %i against %i: %s', (count, before, wanted) => {
    expect(isBeyondChance(count, before)).toBe(wanted)
    expect(isBeyondChance(before, count)).toBe(wanted)
  })

  it('never loses certainty as the difference grows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), (n) => {
        let isSure = false
        for (let fewer = Math.floor(n / 2); fewer >= 0; fewer -= Math.ceil(n / 60)) {
          const now = isBeyondChance(n - fewer, fewer)
          if (isSure) expect(now).toBe(true)
          isSure = now
        }
      }),
    )
  })
})

describe('usualMeasure', () => {
  it('takes households where most areas know theirs, else square kilometres', () => {
    const areas = (...households: (number | null)[]) =>
      households.map((one) => ({ households: one }))
    expect(usualMeasure(areas(100, 200, null))).toBe('per_households')
    expect(usualMeasure(areas(100, null, 0))).toBe('per_km2')
    expect(usualMeasure([])).toBe('per_km2')
  })
})
