import { describe, expect, it } from 'vitest'
import { medianChange } from './median.ts'
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
  smoothed: null,
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

  it('carry the exact interval of their count', () => {
    // Garwood: 10 incidents are 4.7954 to 18.3904.
    const { low, high } = measures.per_km2.interval(figures({ count: 10, squareKm: 2 }))!
    expect([low, high].map((end) => end!.toFixed(4))).toEqual(['2.3977', '9.1952'])
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
    })
    expect(read(figures({ closing: { n: 9, median: median(30) } })).verdict).toBe('few')
  })

  it('is not reached while more than half are open, and zero where nothing could be closed', () => {
    expect(read(figures({ closing: { n: 10, median: median(null) } })).verdict).toBe('not_reached')
    expect(read(figures({ count: 3 })).verdict).toBe('zero')
    const open = figures({ closing: { n: 10, median: median(null) } })
    expect(measures.median.interval(open)).toEqual({ low: 1, high: null })
  })
})

describe('the change of two medians', () => {
  const side = (time: number | null, low: number, high: number | null, n = 40) =>
    figures({ closing: { n, median: { time, low, high } } })
  it('is told where their intervals lie apart, and may be chance where not', () => {
    expect(medianChange(side(10, 8, 12), side(20, 15, 26))).toEqual({
      ...{ verdict: 'value', value: 2, n: 80 },
    })
    expect(medianChange(side(20, 15, null), side(10, 8, 12)).verdict).toBe('value')
    expect(medianChange(side(10, 8, 16), side(20, 15, null)).verdict).toBe('chance')
  })

  it('says too few, not reached, or that there was nothing to close', () => {
    expect(medianChange(side(10, 8, 12, 9), side(20, 15, 26)).verdict).toBe('few')
    expect(medianChange(figures({}), side(20, 15, 26)).verdict).toBe('few')
    expect(medianChange(side(null, 8, null), side(20, 15, 26))).toMatchObject({
      ...{ verdict: 'not_reached', value: null },
    })
    expect(medianChange(figures({}), figures({})).verdict).toBe('zero')
  })
})

describe('smoothed rates', () => {
  it('judge any number, and know nothing without households', () => {
    const { read, interval } = measures.smoothed
    const found = { perHouseholds: 3.2, ownWeight: 0.4 }
    expect(read(figures({ count: 0, smoothed: found }))).toEqual({
      ...{ verdict: 'value', value: 3.2, n: 0 },
    })
    expect(read(figures({ count: 4 })).verdict).toBe('unknown')
    expect(interval(figures({ smoothed: found }))).toBeNull()
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

  // p-values by sums of exact fractions
  it.each([
    [15, 5, 'value'], // 0.0414
    [14, 5, 'chance'], // 0.0636
    [531, 469, 'chance'], // 0.0537
    [532, 468, 'value'], // 0.0463
    [1044, 956, 'chance'], // 0.0517
    [1045, 955, 'value'], // 0.0466
  ])('draws the line at 5 %%: %i against %i is %s', (count, before, wanted) => {
    expect([verdict(count, before), verdict(before, count)]).toEqual([wanted, wanted])
  })

  it('has an interval around it, without an end after nothing', () => {
    const { low, high } = measures.period_change.interval(figures({ count: 20, before: 8 }))!
    expect([low! > 1, high! > 2.5]).toEqual([true, true])
    const none = measures.period_change.interval(figures({ count: 20, before: 0 }))
    expect(none).toMatchObject({ high: null })
  })

  it('has no bound after nothing', () => {
    const { value } = measures.year_change.read(figures({ count: 12, before: 0 }))
    expect(value).toBe(Number.POSITIVE_INFINITY)
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
