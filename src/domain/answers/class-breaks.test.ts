import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classBreaks, classOf } from './class-breaks.ts'

describe('classBreaks', () => {
  it('cuts evenly spread values into classes of equal size', () => {
    expect(classBreaks([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5)).toEqual([3, 5, 7, 9])
  })

  it('makes one class of one value, and leaves out what has no figure', () => {
    expect(classBreaks([7, 7, 7], 5)).toEqual([])
    expect(classBreaks([NaN, null, 4, 5, Infinity], 4)).toEqual([5])
    expect(classBreaks([], 4)).toEqual([])
  })

  it('refuses no classes', () => {
    expect(() => classBreaks([1], 0)).toThrow(RangeError)
  })

  it('never leaves a class empty, splits a tie or makes too many', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 9 }),
        (values, maxClasses) => {
          const breaks = classBreaks(values, maxClasses)
          expect(breaks.length).toBeLessThan(maxClasses)
          const filled = new Set(values.map((value) => classOf(value, breaks)))
          expect(filled.size).toBe(breaks.length + 1)
          for (const cut of breaks) expect(values).toContain(cut)
          for (let i = 1; i < breaks.length; i++) expect(breaks[i]).toBeGreaterThan(breaks[i - 1]!)
        },
      ),
    )
  })
})

describe('classOf', () => {
  it('puts a break into the class above it, and what is no number nowhere', () => {
    expect([0, 3, 4, 9, 10].map((value) => classOf(value, [4, 10]))).toEqual([0, 0, 1, 1, 2])
    expect([NaN, null, undefined].map((value) => classOf(value, [4]))).toEqual([-1, -1, -1])
  })
})
