import { describe, expect, it } from 'vitest'
import { trendDays } from './trend-days.ts'

describe('trendDays', () => {
  it('reach to the last day while the period lies within', () => {
    const year = { from: '2025-12-01', to: '2026-11-30' }
    const week = { from: '2026-03-02', to: '2026-03-08' }
    const shown = trendDays(year, 'week', '2026-11-28')
    expect(shown).toEqual({ from: '2024-11-29', to: '2026-11-28' })
    expect(trendDays(week, 'week', '2026-11-28')).toEqual(shown)
  })

  it('end with an older period, and are not more than can be told apart', () => {
    const old = { from: '2012-01-01', to: '2012-12-31' }
    expect(trendDays(old, 'day', '2026-11-28')).toEqual({ from: '2012-01-01', to: '2012-12-31' })
    expect(trendDays(old, 'month', '2026-11-28')).toMatchObject({ to: '2026-11-28' })
    expect(trendDays(null, 'day', '2026-11-28')).toEqual({ from: '2025-10-25', to: '2026-11-28' })
  })
})
