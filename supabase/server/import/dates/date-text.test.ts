import { describe, expect, it } from 'vitest'
import { parseInstant } from './local-time.ts'

const zone = 'America/Los_Angeles'

describe('parseInstant', () => {
  it.each([
    ['2008-07-01T07:27:00', 'ymd', '2008-07-01T14:27:00.000Z'],
    ['2008-01-01 07:27', 'ymd', '2008-01-01T15:27:00.000Z'],
    ['2008/7/1 7:27:30.25', 'ymd', '2008-07-01T14:27:30.250Z'],
    ['2008年7月1日 7:27', 'ymd', '2008-07-01T14:27:00.000Z'],
    ['2008-07-01T07:27:00Z', 'ymd', '2008-07-01T07:27:00.000Z'],
    ['2008-07-01T07:27:00+08:00', 'ymd', '2008-06-30T23:27:00.000Z'],
    ['2008-07-01', 'ymd', '2008-07-01T07:00:00.000Z'],
    ['07/01/2008 12:05:00 AM', 'mdy', '2008-07-01T07:05:00.000Z'],
    ['07/01/2008 12:05 PM', 'mdy', '2008-07-01T19:05:00.000Z'],
    ['1.7.2008 07:27', 'dmy', '2008-07-01T14:27:00.000Z'],
  ] as const)('%s (%s) is %s', (text, order, instant) => {
    expect(parseInstant(text, zone, order)).toBe(instant)
  })

  it('takes the first of an hour that happens twice, and moves on over one that does not', () => {
    expect(parseInstant('2015-11-01 01:30', zone, 'ymd')).toBe('2015-11-01T08:30:00.000Z')
    expect(parseInstant('2015-03-08 02:30', zone, 'ymd')).toBe('2015-03-08T10:30:00.000Z')
  })

  it.each([
    '',
    'yesterday',
    '2008-13-01',
    '2015-02-29 10:00',
    '2008-07-01 25:00',
    '07/01/2008',
    '2008-07-01 13:00 PM',
    '1e9',
  ])('refuses %j', (text) => expect(parseInstant(text, zone, 'ymd')).toBeNull())
})
