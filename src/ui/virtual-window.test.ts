import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keptIndex, rowForKey, scrollToShow, virtualWindow } from './virtual-window.ts'

describe('virtualWindow', () => {
  it('covers every row that can be seen and stays inside the list', () => {
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.integer({ min: 8, max: 120 }),
        fc.nat(200_000),
        fc.nat(2000),
        fc.nat(10),
        (count, height, scrollTop, viewport, overscan) => {
          const { first, end } = virtualWindow(count, height, scrollTop, viewport, overscan)
          expect(first).toBeGreaterThanOrEqual(0)
          expect(end).toBeLessThanOrEqual(count)
          expect(first).toBeLessThanOrEqual(end)
          for (const pixel of [scrollTop, scrollTop + viewport / 2, scrollTop + viewport - 1]) {
            const row = Math.floor(pixel / height)
            if (pixel >= scrollTop && row < count && viewport > 0) {
              expect(row).toBeGreaterThanOrEqual(first)
              expect(row).toBeLessThan(end)
            }
          }
        },
      ),
    )
  })

  it('draws nothing of nothing and refuses rows without height', () => {
    expect(virtualWindow(0, 40, 0, 400, 5)).toEqual({ first: 0, end: 0 })
    expect(() => virtualWindow(10, 0, 0, 400, 5)).toThrow(RangeError)
  })
})

describe('scrollToShow', () => {
  it('moves only as far as needed', () => {
    expect(scrollToShow(3, 40, 0, 400)).toBe(0)
    expect(scrollToShow(10, 40, 0, 400)).toBe(40)
    expect(scrollToShow(2, 40, 400, 400)).toBe(80)
  })
})

describe('keptIndex', () => {
  const before = ['a', 'b', 'c', 'd']
  it('follows a row past what came or went above it', () => {
    expect(keptIndex(before, ['new', ...before], 2)).toBe(3)
    expect(keptIndex(before, ['b', 'c', 'd'], 2)).toBe(1)
    expect(keptIndex(before, [...before, 'e'], 2)).toBe(2)
  })

  it('takes the next one that stayed, and says when none did', () => {
    expect(keptIndex(before, ['a', 'd'], 1)).toBe(1)
    expect(keptIndex(before, ['a'], 1)).toBe(-1)
    expect(keptIndex(before, before, -1)).toBe(-1)
  })
})

describe('rowForKey', () => {
  it('walks and jumps without leaving the list', () => {
    expect(rowForKey('ArrowDown', -1, 5, 3)).toBe(0)
    expect(rowForKey('ArrowUp', 0, 5, 3)).toBe(0)
    expect(rowForKey('PageDown', 3, 5, 3)).toBe(4)
    expect(rowForKey('End', 0, 5, 3)).toBe(4)
    expect(rowForKey('x', 0, 5, 3)).toBeNull()
    expect(rowForKey('ArrowDown', 0, 0, 3)).toBeNull()
  })
})
