import { describe, expect, it } from 'vitest'
import { photoForKey, swipeStep } from './photo-viewer.ts'

describe('swipeStep', () => {
  it('turns the page for a sideways drag only', () => {
    expect(swipeStep(-80, 10)).toBe(1)
    expect(swipeStep(80, -10)).toBe(-1)
    expect(swipeStep(-20, 0)).toBe(0)
    expect(swipeStep(-80, 90)).toBe(0)
  })
})

describe('photoForKey', () => {
  it('stays within the photos', () => {
    expect(photoForKey('ArrowRight', 0, 3)).toBe(1)
    expect(photoForKey('ArrowRight', 2, 3)).toBe(2)
    expect(photoForKey('ArrowLeft', 0, 3)).toBe(0)
    expect(photoForKey('End', 0, 3)).toBe(2)
    expect(photoForKey('Home', 2, 3)).toBe(0)
    expect(photoForKey('a', 1, 3)).toBeNull()
  })
})
