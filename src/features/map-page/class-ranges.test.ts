import { describe, expect, it } from 'vitest'
import { classBreaks } from '@/domain/answers/class-breaks.ts'
import { classRanges } from './class-ranges.ts'

describe('classRanges', () => {
  it('says what each class covers, without gap or overlap', () => {
    const ranges = classRanges(classBreaks([0, 0, 3, 5, 9, 10, 40, Number.NaN], 3))
    expect(ranges[0]).toEqual({ low: 0, high: 0, areas: 2 })
    expect(ranges.at(-1)!.high).toBe(40)
    expect(ranges.reduce((sum, { areas }) => sum + areas, 0)).toBe(7)
    for (let i = 1; i < ranges.length; i++) {
      expect(ranges[i]!.low).toBeGreaterThan(ranges[i - 1]!.high)
    }
  })

  it('has one class for equal values and none for no values', () => {
    expect(classRanges(classBreaks([4, 4], 5))).toEqual([{ low: 4, high: 4, areas: 2 }])
    expect(classRanges(classBreaks([], 5))).toEqual([])
  })
})
