import { describe, expect, it } from 'vitest'
import {
  addDays,
  dayNumber,
  isLocalDay,
  lastDayOf,
  localDayOf,
  monthFromNumber,
  monthNumber,
  wallMinutes,
} from './calendar.ts'
import { defaultPeriod, periodPresets, presetOf, presetPeriod } from './period.ts'
import { rollUp } from '../city/roll-up.ts'

const span = { firstMonth: '2008-07', lastMonth: '2024-03', lastDay: '2024-03-15' }

describe('periods', () => {
  it('start from the latest data', () => {
    expect(defaultPeriod(span)).toEqual({ from: '2023-04-01', to: '2024-03-31' })
    expect(defaultPeriod(null)).toBeNull()
    expect(presetPeriod('thisMonth', span)).toEqual({ from: '2024-03-01', to: '2024-03-31' })
    expect(presetPeriod('lastMonth', span)).toEqual({ from: '2024-02-01', to: '2024-02-29' })
    expect(presetPeriod('last3Months', span)).toEqual({ from: '2024-01-01', to: '2024-03-31' })
    expect(presetPeriod('thisYear', span)).toEqual({ from: '2024-01-01', to: '2024-12-31' })
    expect(presetPeriod('lastYear', span)).toEqual({ from: '2023-01-01', to: '2023-12-31' })
  })

  it('are recognised again', () => {
    for (const preset of periodPresets)
      expect(presetOf(presetPeriod(preset, span), span)).toBe(preset)
    expect(presetOf({ from: '2024-03-01', to: '2024-03-30' }, span)).toBeNull()
  })
})

describe('calendar', () => {
  it('knows real days and months', () => {
    expect(dayNumber('1970-01-02')).toBe(1)
    expect(isLocalDay('2024-02-29')).toBe(true)
    expect(['2023-02-29', '2024-00-01', '2024-13-01', '24-01-01', ''].some(isLocalDay)).toBe(false)
    expect(addDays('2024-02-28', 2)).toBe('2024-03-01')
    expect(lastDayOf('2023-12')).toBe('2023-12-31')
    expect(monthFromNumber(monthNumber('2024-01') - 1)).toBe('2023-12')
    expect(monthNumber('2024-13')).toBeNaN()
  })

  it('reads an instant on the city’s wall clock', () => {
    const late = '2024-03-01T07:30:00Z'
    expect(localDayOf(late, 'America/Los_Angeles')).toBe('2024-02-29')
    expect(localDayOf(late, 'Asia/Shanghai')).toBe('2024-03-01')
    // Midnight must be hour 0, not hour 24 of the same day.
    expect(wallMinutes('2024-03-01T08:00:00Z', 'America/Los_Angeles')).toBe(
      Date.UTC(2024, 2, 1) / 60_000,
    )
  })
})

describe('rollUp', () => {
  it('adds every count to all above it', () => {
    const nodes = [
      { idx: 1, code: 'C', parentCode: null },
      { idx: 2, code: 'D', parentCode: 'C' },
      { idx: 4, code: 'G', parentCode: 'D' },
      { idx: 5, code: 'H', parentCode: 'D' },
      { idx: 6, code: 'orphan', parentCode: 'gone' },
    ]
    expect([...rollUp([0, 1, 2, 99, 3, 4, 5], nodes)]).toEqual([0, 10, 9, 0, 3, 4, 5])
  })
})
