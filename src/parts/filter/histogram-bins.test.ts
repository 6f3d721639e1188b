import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dayFromNumber, dayNumber } from '@/domain/time/calendar.ts'
import {
  binHistogram,
  binRange,
  periodOfRange,
  countInPeriod,
  shiftedPeriod,
  spanOfPeriod,
} from './histogram-bins.ts'

describe('binHistogram', () => {
  it('keeps days while they fit', () => {
    const { unit, bins } = binHistogram('2024-02-28', [1, 2, 3], 10)
    expect(unit).toBe('day')
    expect(bins.map(({ from }) => from)).toEqual(['2024-02-28', '2024-02-29', '2024-03-01'])
  })

  it('begins weeks on Monday and cuts the first', () => {
    // 2024-01-03 is a Wednesday.
    const { unit, bins } = binHistogram('2024-01-03', new Array(14).fill(1), 5)
    expect(unit).toBe('week')
    expect(bins).toEqual([
      { from: '2024-01-03', to: '2024-01-07', count: 5 },
      { from: '2024-01-08', to: '2024-01-14', count: 7 },
      { from: '2024-01-15', to: '2024-01-16', count: 2 },
    ])
  })

  it('falls back to months', () => {
    const { unit, bins } = binHistogram('2023-12-30', new Array(40).fill(1), 3)
    expect(unit).toBe('month')
    expect(bins.map(({ from, to }) => [from, to])).toEqual([
      ['2023-12-30', '2023-12-31'],
      ['2024-01-01', '2024-01-31'],
      ['2024-02-01', '2024-02-07'],
    ])
  })

  it('loses no count and leaves no gap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -3000, max: 30_000 }),
        fc.array(fc.nat(1000), { maxLength: 500 }),
        fc.integer({ min: 1, max: 120 }),
        (first, counts, maxBins) => {
          const { bins } = binHistogram(dayFromNumber(first), counts, maxBins)
          expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(
            counts.reduce((sum, count) => sum + count, 0),
          )
          for (let i = 1; i < bins.length; i++) {
            expect(dayNumber(bins[i]!.from)).toBe(dayNumber(bins[i - 1]!.to) + 1)
          }
        },
      ),
    )
  })
})

describe('binRange and periodOfRange', () => {
  const { bins } = binHistogram('2024-01-01', new Array(10).fill(1), 10)

  it('go back and forth', () => {
    const period = { from: '2024-01-03', to: '2024-01-05' }
    expect(binRange(bins, period)).toEqual({ start: 2, end: 4 })
    expect(periodOfRange(bins, { start: 2, end: 4 })).toEqual(period)
    expect(periodOfRange(bins, { start: 4, end: 2 })).toEqual(period)
  })

  it('take all bars for all time', () => {
    expect(binRange(bins, null)).toEqual({ start: 0, end: 9 })
    expect(periodOfRange(bins, { start: 0, end: 9 })).toBeNull()
  })

  it('cling to the data when the period lies beside it', () => {
    expect(binRange(bins, { from: '2030-01-01', to: '2030-02-01' })).toEqual({ start: 9, end: 9 })
    expect(binRange(bins, { from: '2000-01-01', to: '2000-02-01' })).toEqual({ start: 0, end: 0 })
  })

  it('bear no data', () => {
    expect(binRange([], null)).toEqual({ start: 0, end: 0 })
    expect(periodOfRange([], { start: 0, end: 0 })).toBeNull()
  })
})

describe('a period that cuts months', () => {
  // 31 days of January, 29 of February, 31 of March 2016: one incident a day
  const counts = new Uint32Array(91).fill(1)
  const { bins } = binHistogram('2016-01-01', counts, 1)
  const period = { from: '2016-01-31', to: '2016-03-01' }

  it('counts exactly its days', () => {
    expect(countInPeriod('2016-01-01', counts, period)).toBe(31)
    expect(countInPeriod('2016-01-01', counts, null)).toBe(91)
    expect(countInPeriod('2016-01-01', counts, { from: '2015-01-01', to: '2030-01-01' })).toBe(91)
    expect(countInPeriod('2016-01-01', counts, { from: '2030-01-01', to: '2030-02-01' })).toBe(0)
  })

  it('lies over parts of bars', () => {
    expect(spanOfPeriod(bins, period)).toEqual({ start: 30 / 31, end: 2 + 1 / 31 })
    expect(spanOfPeriod(bins, null)).toEqual({ start: 0, end: 3 })
    expect(spanOfPeriod(bins, { from: '2016-02-01', to: '2016-02-29' })).toEqual({
      start: 1,
      end: 2,
    })
    expect(spanOfPeriod(bins, { from: '2030-01-01', to: '2030-02-01' })).toEqual({
      start: 3,
      end: 3,
    })
  })

  it('keeps its length when moved, inside the data', () => {
    expect(shiftedPeriod(bins, period, 29)).toEqual({ from: '2016-02-29', to: '2016-03-30' })
    expect(shiftedPeriod(bins, period, 300)).toEqual({ from: '2016-03-01', to: '2016-03-31' })
    expect(shiftedPeriod(bins, period, -300)).toEqual({ from: '2016-01-01', to: '2016-01-31' })
  })
})
