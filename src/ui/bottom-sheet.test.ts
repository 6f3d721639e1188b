import { describe, expect, it } from 'vitest'
import { snapAfterDrag, snapHeights } from './bottom-sheet.ts'

const heights = snapHeights(800, 120)

describe('snapAfterDrag', () => {
  it('settles at the nearest snap after a slow drag', () => {
    expect(snapAfterDrag(180, 0, heights)).toBe('peek')
    expect(snapAfterDrag(450, 0.1, heights)).toBe('half')
    expect(snapAfterDrag(700, -0.1, heights)).toBe('full')
  })

  it('goes one snap on after a flick and stays inside at the ends', () => {
    expect(snapAfterDrag(180, 1, heights)).toBe('half')
    expect(snapAfterDrag(450, 1, heights)).toBe('full')
    expect(snapAfterDrag(450, -1, heights)).toBe('half')
    expect(snapAfterDrag(100, -1, heights)).toBe('peek')
    expect(snapAfterDrag(790, 1, heights)).toBe('full')
  })

  it('never makes the low snap higher than the screen', () => {
    expect(snapHeights(90, 120).peek).toBe(90)
  })
})
