import { describe, expect, it } from 'vitest'
import { countChange } from './count-change.ts'

describe('countChange', () => {
  it('tells the ratio with its interval, and whether it is more than chance', () => {
    // R: poisson.test(c(120, 90)): p = 0.04506, 1.005 to 1.772
    const more = countChange(120, 90)
    expect(more).toMatchObject({ verdict: 'ratio', tone: 'up', before: 90 })
    expect(more.ratio).toBeCloseTo(4 / 3, 12)
    expect(more.interval!.low).toBeGreaterThan(1)
    expect(countChange(90, 120).tone).toBe('down')
    expect(countChange(100, 90)).toMatchObject({ verdict: 'ratio', tone: 'chance' })
  })

  it('says where nothing can be told', () => {
    expect(countChange(0, 0)).toMatchObject({ verdict: 'none', interval: null, tone: 'chance' })
    expect(countChange(3, 2)).toMatchObject({ verdict: 'few', interval: null, tone: 'chance' })
    expect(countChange(9, 0)).toMatchObject({ verdict: 'new', tone: 'up' })
    expect(countChange(9, 0).interval!.high).toBe(null)
  })
})
