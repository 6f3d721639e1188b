import { describe, expect, it } from 'vitest'
import { isWithin } from './area.ts'

describe('isWithin', () => {
  it('is a prefix of the path: itself and what lies below', () => {
    expect(isWithin({ path: 'SF/' }, { path: 'SF/' })).toBe(true)
    expect(isWithin({ path: 'SF/SF-N-1/T/' }, { path: 'SF/SF-N-1/' })).toBe(true)
    expect(isWithin({ path: 'SF/' }, { path: 'SF/SF-N-1/' })).toBe(false)
  })
  it('never a prefix of the code, nor a path found further down', () => {
    expect(isWithin({ path: 'SF/SF-N-10/' }, { path: 'SF/SF-N-1/' })).toBe(false)
    expect(isWithin({ path: 'X/SF/SF-N-1/' }, { path: 'SF/SF-N-1/' })).toBe(false)
  })
})
