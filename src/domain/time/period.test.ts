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
import {
  countBefore,
  defaultPeriod,
  periodPresets,
  presetOf,
  presetPeriod,
  spanOf,
  type MonthCount,
} from './period.ts'
import { rollUp } from '../city/roll-up.ts'

const span = {
  firstMonth: '2008-07',
  lastMonth: '2024-03',
  lastDay: '2024-03-15',
  defaultFrom: '2023-04',
}

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

  it('have the days of the city up to the server’s today', () => {
    expect(presetPeriod('today', span)).toEqual({ from: '2024-03-15', to: '2024-03-15' })
    expect(presetPeriod('yesterday', span)).toEqual({ from: '2024-03-14', to: '2024-03-14' })
    expect(presetPeriod('last7Days', span)).toEqual({ from: '2024-03-09', to: '2024-03-15' })
  })

  it('are recognised again', () => {
    const longer = { ...span, defaultFrom: '2021-02' }
    for (const preset of periodPresets)
      expect(presetOf(presetPeriod(preset, longer), longer)).toBe(preset)
    expect(presetOf({ from: '2024-03-01', to: '2024-03-30' }, span)).toBeNull()
  })
})

describe('the default period', () => {
  const monthsFrom = (from: string, length: number, count: number): MonthCount[] =>
    Array.from({ length }, (_, i) => ({ month: monthFromNumber(monthNumber(from) + i), count }))
  const defaultOf = (months: MonthCount[]) => defaultPeriod(spanOf(months, '2026-11-27'))
  const tenYears = monthsFrom('2006-02', 120, 117)

  it('is the latest 12 months of a city with a long history', () => {
    expect(defaultOf(tenYears)).toEqual({ from: '2015-02-01', to: '2016-01-31' })
    expect(defaultOf(tenYears.toReversed())).toEqual(defaultOf(tenYears))
  })

  it('does not collapse when one report arrives after ten years of history and silence', () => {
    const months = [...tenYears, { month: '2026-11', count: 1 }]
    const period = defaultOf(months)
    expect(period).toEqual({ from: '2015-02-01', to: '2026-11-30' })
    expect(countBefore(months, period)).toBe(108 * 117)
  })

  it('is of the new data alone once they hold a tenth of the busiest 12 months', () => {
    const busiest = 12 * 117
    const started = (count: number) => [...tenYears, { month: '2026-11', count }]
    expect(defaultOf(started(busiest / 10 - 1))?.from).toBe('2015-02-01')
    expect(defaultOf(started(busiest / 10 + 1))).toEqual({ from: '2025-12-01', to: '2026-11-30' })
  })

  it('holds all of a city with three days', () => {
    const months = [{ month: '2026-11', count: 9 }]
    expect(defaultOf(months)).toEqual({ from: '2025-12-01', to: '2026-11-30' })
    expect(countBefore(months, defaultOf(months))).toBe(0)
  })

  it('ends with an import that ended two years ago', () => {
    expect(defaultOf(monthsFrom('2020-01', 58, 40))).toEqual({
      from: '2023-11-01',
      to: '2024-10-31',
    })
  })

  it('is all time in a city without incidents', () => {
    expect(defaultOf([])).toBeNull()
    expect(defaultOf([{ month: '2026-11', count: 0 }])).toBeNull()
  })

  it('is the last 12 of 18 months, and says how many the first six hold', () => {
    const months = monthsFrom('2025-06', 18, 10)
    expect(defaultOf(months)).toEqual({ from: '2025-12-01', to: '2026-11-30' })
    expect(countBefore(months, defaultOf(months))).toBe(60)
    expect(countBefore(months, null)).toBe(0)
  })

  it('is not moved by one stray report of 1970', () => {
    const months = [{ month: '1970-01', count: 1 }, ...monthsFrom('2026-01', 11, 30)]
    expect(defaultOf(months)).toEqual({ from: '2025-12-01', to: '2026-11-30' })
    expect(countBefore(months, defaultOf(months))).toBe(1)
  })

  it('goes on over months that shrink', () => {
    const shrinking = [...monthsFrom('2024-01', 12, 500), ...monthsFrom('2025-01', 23, 2)]
    // 24 of 6,000: it goes back until it holds 600
    expect(defaultOf(shrinking)).toEqual({ from: '2024-11-01', to: '2026-11-30' })
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
    // Midnight must be hour 0, not hour 24.
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
