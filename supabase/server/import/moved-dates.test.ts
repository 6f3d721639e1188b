import { Temporal } from 'temporal-polyfill'
import { describe, expect, it } from 'vitest'
import { movedDay, movedInstant, weeksUntil } from './moved-dates.ts'

const zone = 'America/Los_Angeles'
const instant = (wall: string): string =>
  new Date(Temporal.PlainDateTime.from(wall).toZonedDateTime(zone).epochMilliseconds).toISOString()

describe('movedInstant', () => {
  it.each([
    // summer time to winter time
    ['2015-07-01T09:00:00', 566, '2026-05-06T09:00:00'],
    ['2015-07-01T09:00:00', 593, '2026-11-11T09:00:00'],
    ['2016-01-27T16:51:21', 565, '2026-11-25T16:51:21'],
    // to 8 March 2026, which skips 02:30
    ['2015-06-07T01:59:59', 561, '2026-03-08T01:59:59'],
    ['2015-06-07T02:30:00', 561, '2026-03-08T03:30:00'],
    ['2015-06-07T03:00:00', 561, '2026-03-08T03:00:00'],
    // from 8 March 2015, which skipped 02:30
    ['2015-03-08T03:10:00', 600, '2026-09-06T03:10:00'],
  ])('%s + %i weeks is %s', (from, weeks, to) => {
    expect(movedInstant(instant(from), weeks, zone)).toBe(instant(to))
    expect(new Date(`${from}Z`).getUTCDay()).toBe(new Date(`${to}Z`).getUTCDay())
  })

  it('takes the first of the hour that autumn repeats, whichever it was before', () => {
    // 01:30 in summer time
    expect(movedInstant(instant('2015-06-07T01:30:00'), 595, zone)).toBe('2026-11-01T08:30:00.000Z')
    // the second 01:30
    expect(movedInstant('2015-11-01T09:30:00.000Z', 574, zone)).toBe('2026-11-01T08:30:00.000Z')
    expect(movedInstant('2015-11-01T09:30:00.000Z', 1, zone)).toBe(instant('2015-11-08T01:30:00'))
  })

  it('leaves an instant alone when nothing is moved', () => {
    expect(movedInstant('2015-11-01T09:30:00.000Z', 0, zone)).toBe('2015-11-01T09:30:00.000Z')
  })
})

describe('weeksUntil', () => {
  const endsAt = '2016-01-27T21:39:18'

  it('never passes the present, and stays within its last seven days', () => {
    for (let hours = 0; hours < 24 * 400; hours += 7) {
      const now = new Date(Date.parse('2026-01-01T00:20:00Z') + hours * 3_600_000).toISOString()
      const weeks = weeksUntil(endsAt, now, zone)
      const moved = movedInstant(instant(endsAt), weeks, zone)
      expect(moved <= now, now).toBe(true)
      // summer time may begin or end in between
      expect(Date.parse(now) - Date.parse(moved), now).toBeLessThan((7 * 24 + 1) * 3_600_000)
      expect(movedDay(endsAt, weeks)).toBe(
        Temporal.Instant.from(moved).toZonedDateTimeISO(zone).toPlainDate().toString(),
      )
    }
  })

  it('ends on the very day once its last minute has come', () => {
    expect(weeksUntil(endsAt, instant('2026-11-25T21:39:17'), zone)).toBe(564)
    expect(weeksUntil(endsAt, instant('2026-11-25T21:39:18'), zone)).toBe(565)
    expect(movedDay(endsAt, 565)).toBe('2026-11-25')
  })

  it('moves nothing back in time', () => {
    expect(weeksUntil(endsAt, '2010-01-01T00:00:00Z', zone)).toBe(0)
  })
})
