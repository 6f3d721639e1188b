import { describe, expect, it } from 'vitest'
import { compareWindow, endsToday, type CompareWindow } from './compare-window.ts'

const span = {
  firstMonth: '2024-01',
  lastMonth: '2026-03',
  lastDay: '2026-03-20',
  defaultFrom: '2025-04',
} as const

describe('compareWindow', () => {
  it('takes as many days right before the period', () => {
    const period = { from: '2026-01-01', to: '2026-01-31' }
    expect(compareWindow(period, 'period_before', span)).toEqual({
      period: { from: '2025-12-01', to: '2025-12-31' },
      shiftDays: 31,
    })
  })

  it('leaves out the days to come', () => {
    const period = { from: '2026-03-01', to: '2026-03-31' }
    expect(compareWindow(period, 'period_before', span)).toEqual({
      period: { from: '2026-02-09', to: '2026-02-28' },
      shiftDays: 20,
    })
    expect(compareWindow(period, 'year_before', span)).toEqual({
      period: { from: '2025-03-01', to: '2025-03-20' },
      shiftDays: 365,
    })
  })

  it('takes as many days of the year before, over a leap day too', () => {
    const period = { from: '2025-02-01', to: '2025-02-28' }
    expect(compareWindow(period, 'year_before', span)).toMatchObject({
      period: { from: '2024-02-01', to: '2024-02-28' },
    })
    const leapDay = { from: '2024-02-29', to: '2024-03-01' }
    expect(compareWindow(leapDay, 'year_before', { ...span, firstMonth: '2020-01' })).toMatchObject(
      {
        period: { from: '2023-03-01', to: '2023-03-02' },
      },
    )
  })

  it('knows that today is compared up to this minute, and whole days as a whole', () => {
    const against = (from: string, to: string) =>
      endsToday(compareWindow({ from, to }, 'year_before', span) as CompareWindow, span)
    expect(against('2026-03-01', '2026-03-31')).toBe(true)
    expect(against('2026-03-20', '2026-03-20')).toBe(true)
    expect(against('2026-03-01', '2026-03-19')).toBe(false)
    expect(against('2025-02-01', '2025-02-28')).toBe(false)
  })

  it('compares nothing with all time, with days before the data, and days to come with nothing', () => {
    expect(compareWindow(null, 'period_before', span)).toBe('all_time')
    const first = { from: '2024-01-10', to: '2024-01-20' }
    expect(compareWindow(first, 'period_before', span)).toBe('no_data')
    const later = { from: '2026-04-01', to: '2026-04-30' }
    expect(compareWindow(later, 'period_before', span)).toBe('no_data')
  })
})
