import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classBreaks, classOf } from './class-breaks.ts'

describe('classBreaks', () => {
  it('cuts evenly spread values into classes of equal size', () => {
    const result = classBreaks([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5)
    expect(result.breaks).toEqual([3, 5, 7, 9])
    expect(result.counts).toEqual([2, 2, 2, 2, 2])
  })

  it('gives zero a class of its own', () => {
    const result = classBreaks([0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 3)
    expect(result.zeroClass).toBe(true)
    expect(result.breaks[0]).toBe(1)
    expect(result.counts).toEqual([7, 2, 2])
  })

  it('does not single zero out among negatives', () => {
    expect(classBreaks([-2, -1, 0, 1, 2, 3], 2).zeroClass).toBe(false)
  })

  it('makes one class of one value, and of nothing but zeros', () => {
    expect(classBreaks([7, 7, 7], 5)).toMatchObject({ breaks: [], counts: [3], zeroClass: false })
    expect(classBreaks([0, 0], 5)).toMatchObject({ breaks: [], counts: [2], zeroClass: true })
  })

  it('counts what has no figure instead of calling it zero', () => {
    const result = classBreaks([NaN, null, 4, 5, Infinity], 4)
    expect(result).toMatchObject({ excluded: 3, min: 4, max: 5, breaks: [5], counts: [1, 1] })
    expect(classBreaks([], 4)).toMatchObject({ breaks: [], counts: [0], excluded: 0 })
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
          const { breaks, counts } = classBreaks(values, maxClasses)
          expect(counts.length).toBe(breaks.length + 1)
          expect(counts.length).toBeLessThanOrEqual(maxClasses)
          expect(counts.every((count) => count > 0)).toBe(true)
          expect(counts.reduce((sum, count) => sum + count)).toBe(values.length)
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
