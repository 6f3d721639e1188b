import { describe, expect, it } from 'vitest'
import { isQuiet } from './quiet-hours.ts'

/** Instants at which the answer changes, looked at each minute. */
function changes(from: string, hours: number, timeZone: string): string[] {
  const start = Date.parse(from)
  const found: string[] = []
  let before = isQuiet(from, timeZone)
  for (let minute = 1; minute <= hours * 60; minute++) {
    const at = new Date(start + minute * 60_000).toISOString()
    const now = isQuiet(at, timeZone)
    if (now !== before) found.push(`${at.slice(0, 16)} ${now ? 'quiet' : 'loud'}`)
    before = now
  }
  return found
}

describe('isQuiet', () => {
  it('holds from 22:00 over midnight until 7:00, to the minute', () => {
    expect(changes('2026-06-01T12:00:00Z', 48, 'UTC')).toEqual([
      '2026-06-01T22:00 quiet',
      '2026-06-02T07:00 loud',
      '2026-06-02T22:00 quiet',
      '2026-06-03T07:00 loud',
    ])
    expect(isQuiet('2026-06-01T23:59:59Z', 'UTC')).toBe(true)
    expect(isQuiet('2026-06-02T00:00:00Z', 'UTC')).toBe(true)
    expect(isQuiet('2026-06-02T06:59:59Z', 'UTC')).toBe(true)
    expect(isQuiet('2026-06-02T21:59:59Z', 'UTC')).toBe(false)
  })

  it('goes by the city’s clock, not by the device’s or by UTC', () => {
    expect(isQuiet('2026-06-01T14:00:00Z', 'Asia/Shanghai')).toBe(true)
    expect(isQuiet('2026-06-01T14:00:00Z', 'America/Los_Angeles')).toBe(false)
    expect(changes('2026-06-01T12:00:00Z', 24, 'Asia/Kathmandu')).toEqual([
      '2026-06-01T16:15 quiet',
      '2026-06-02T01:15 loud',
    ])
  })

  it('ends at seven by the wall clock in the nights of a clock change', () => {
    // 8 hours: at 2:00 it becomes 3:00
    expect(changes('2026-03-08T00:00:00Z', 24, 'America/Los_Angeles')).toEqual([
      '2026-03-08T06:00 quiet',
      '2026-03-08T14:00 loud',
    ])
    // 10 hours: 1:00 to 2:00 comes twice
    expect(changes('2026-11-01T00:00:00Z', 24, 'America/Los_Angeles')).toEqual([
      '2026-11-01T05:00 quiet',
      '2026-11-01T15:00 loud',
    ])
  })
})
