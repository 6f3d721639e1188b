import { describe, expect, it } from 'vitest'
import { instantOfLocal, localOfInstant } from './local-instant.ts'

const city = 'America/Los_Angeles'

describe('instantOfLocal', () => {
  it('reads the city’s wall clock, whatever the device’s', () => {
    expect(instantOfLocal('2026-01-02T09:30', city)).toBe('2026-01-02T17:30:00.000Z')
    expect(instantOfLocal('2026-07-02T09:30', city)).toBe('2026-07-02T16:30:00.000Z')
    expect(instantOfLocal('2026-01-02T09:30', 'Asia/Shanghai')).toBe('2026-01-02T01:30:00.000Z')
  })

  it('goes past a skipped hour and takes the first of a doubled one', () => {
    expect(instantOfLocal('2026-03-08T02:30', city)).toBe('2026-03-08T10:30:00.000Z')
    expect(instantOfLocal('2026-11-01T01:30', city)).toBe('2026-11-01T08:30:00.000Z')
    expect(instantOfLocal('2026-11-01T03:00', city)).toBe('2026-11-01T11:00:00.000Z')
  })

  it('is null for half a time', () => {
    expect(instantOfLocal('2026-01-02', city)).toBeNull()
    expect(instantOfLocal('2026-13-02T09:30', city)).toBeNull()
  })

  it('goes there and back', () => {
    const instant = '2026-03-08T17:45:00.000Z'
    expect(instantOfLocal(localOfInstant(instant, city), city)).toBe(instant)
  })
})
