import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { orderEvidence } from './order-evidence.ts'
import { numericKind, readNumericDate } from './numeric-date.ts'
import { readDate } from './date-text.ts'

const zone = 'America/Los_Angeles'

describe('readDate', () => {
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
    ['5-Mar-26', 'ymd', '2026-03-05T08:00:00.000Z'],
    ['Thu, 5 Mar 2026 08:30:00 GMT', 'ymd', '2026-03-05T08:30:00.000Z'],
    ['20260305083000', 'ymd', '2026-03-05T16:30:00.000Z'],
    ['2026年3月5日 晚上8点半', 'ymd', '2026-03-06T04:30:00.000Z'],
    ['2026年十二月二十三日 下午14:05', 'ymd', '2026-12-23T22:05:00.000Z'],
    ['2026-03-05T08:30:00+08:00[Asia/Shanghai]', 'ymd', '2026-03-05T00:30:00.000Z'],
    ['1.7.2008 07:27', 'dmy', '2008-07-01T14:27:00.000Z'],
  ] as const)('%s (%s) is %s', (text, order, instant) => {
    expect(readDate(text, zone, order)?.at).toBe(instant)
  })

  it('takes the first of an hour that happens twice, and moves on over one that does not', () => {
    expect(readDate('2015-11-01 01:30', zone, 'ymd')).toEqual({
      at: '2015-11-01T08:30:00.000Z',
      isDay: false,
      later: '2015-11-01T09:30:00.000Z',
    })
    expect(readDate('2015-03-08 02:30', zone, 'ymd')?.at).toBe('2015-03-08T10:30:00.000Z')
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
    '2026-03-05 8:30 CST',
    '2026年3月5日 晚上12点',
    '2026-03-05 13',
  ])('refuses %j', (text) => expect(readDate(text, zone, 'ymd')).toBeNull())
})

const instant = fc
  .date({ min: new Date('1990-01-01'), max: new Date('2069-12-31'), noInvalidDate: true })
  .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000))
const two = (value: number): string => String(value).padStart(2, '0')

it('reads back every way in which a date is written', () => {
  fc.assert(
    fc.property(instant, (date) => {
      const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
      const [hour, minute, second] = [
        date.getUTCHours(),
        date.getUTCMinutes(),
        date.getUTCSeconds(),
      ]
      const clock = `${hour}:${two(minute)}:${two(second)}`
      const half = `${hour % 12 || 12}:${two(minute)}:${two(second)} ${hour < 12 ? 'AM' : 'PM'}`
      const chinese = `${year}年${month}月${day}日`
      for (const [text, order] of [
        [`${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}Z`, 'ymd'],
        [`${year}/${month}/${day} ${clock}`, 'ymd'],
        [`${month}/${day}/${year} ${half}`, 'mdy'],
        [`${day}.${month}.${year} ${clock}`, 'dmy'],
        [`${chinese} ${hour}时${minute}分${second}秒`, 'ymd'],
        [
          `${chinese}${hour < 12 ? '上午' : '下午'}${hour % 12 || 12}:${two(minute)}:${two(second)}`,
          'ymd',
        ],
      ] as const)
        expect(readDate(text, 'UTC', order)?.at, text).toBe(date.toISOString())
    }),
  )
})

it('reads back days of a spreadsheet and seconds since 1970', () => {
  fc.assert(
    fc.property(instant, (date) => {
      const excel = String(date.getTime() / 86_400_000 + 25_569)
      expect(readNumericDate(excel, 'excel', 'UTC')?.at).toBe(date.toISOString())
      const later = String(date.getTime() / 86_400_000 + 24_107)
      expect(readNumericDate(later, 'excel1904', 'UTC')?.at).toBe(date.toISOString())
      const seconds = String(date.getTime() / 1000)
      expect(readNumericDate(seconds, 'epoch', 'UTC')?.at).toBe(date.toISOString())
    }),
  )
  expect(numericKind(['46086.354', '46087'])).toBe('excel')
  expect(numericKind(['1772671800'])).toBe('epoch')
  expect(numericKind(['1772671800000'])).toBe('epochMilliseconds')
  expect(numericKind(['46086', '2026-03-05'])).toBeNull()
  expect(numericKind(['12'])).toBeNull()
})

it('tells dates that can have only one order', () => {
  expect(orderEvidence(['3/15/2026', '15/3/2026', '3/5/2026', '2026-03-15', '13/13/2026'])).toEqual(
    {
      mdy: ['3/15/2026'],
      dmy: ['15/3/2026'],
    },
  )
})
