import { describe, expect, it } from 'vitest'
import { keptIndex, rowForKey } from './list-rows.ts'

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
