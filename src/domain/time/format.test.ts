import { describe, expect, it } from 'vitest'
import { createFormat } from './format.ts'

const zh = createFormat('zh-CN', 'Asia/Shanghai')
const en = createFormat('en', 'America/Los_Angeles')

describe('createFormat', () => {
  it('groups counts and rounds shares to one decimal', () => {
    expect(en.count(1234567)).toBe('1,234,567')
    expect(en.percent(0.98765)).toBe('98.8%')
    expect(zh.percent(1)).toBe('100%')
  })

  it('says durations as people do', () => {
    const said = [
      0,
      0.1,
      1.2,
      1.6,
      30.4,
      47,
      48,
      100.8,
      24 * 59,
      24 * 70,
      24 * 365,
      3956.1 * 24,
      1342.6 * 24,
    ]
    expect(said.map(en.duration)).toEqual([
      '<1 minute',
      '6 minutes',
      '72 minutes',
      '1.6 hours',
      '30 hours',
      '47 hours',
      '2 days',
      '4.2 days',
      '59 days',
      '2 months',
      '12 months',
      '10 years 10 months',
      '3 years 8 months',
    ])
    expect(zh.duration(3956.1 * 24)).toBe('10年10个月')
    expect(zh.duration(60)).toBe('2.5天')
    expect(zh.duration(24 * 731)).toBe('2年')
  })

  it('shows an instant in the city, not in the time zone of the device', () => {
    const instant = '2026-01-31T17:30:00Z'
    expect(zh.instant(instant)).toContain('2026年2月1日')
    expect(zh.instant(instant)).toContain('01:30')
    expect(en.day(instant)).toBe('Jan 31, 2026')
  })

  it('keeps calendar days and months as they are', () => {
    expect(en.localDay('2026-03-01')).toBe('Mar 1, 2026')
    expect(zh.localMonth('2026-03')).toBe('2026年3月')
  })

  it('counts back from the moment it is given', () => {
    const now = new Date('2026-03-01T12:00:00Z')
    expect(en.ago('2026-03-01T09:30:00Z', now)).toBe('2 hours ago')
    expect(zh.ago('2026-02-27T12:00:00Z', now)).toBe('前天')
    expect(en.ago('2026-03-01T11:59:40Z', now)).toBe('this minute')
  })

  it('rounds distances and sizes to what a person can use', () => {
    expect(en.distance(7.6)).toBe('8 m')
    expect(en.distance(344)).toBe('340 m')
    expect(en.distance(999.6)).toBe('1 km')
    expect(zh.distance(12_340)).toBe('12.3公里')
    expect(en.bytes(0)).toBe('0 kB')
    expect(en.bytes(12)).toBe('1 kB')
    expect(en.bytes(999_600)).toBe('1 MB')
    expect(en.bytes(1_260_000)).toBe('1.3 MB')
    expect(en.bytes(999_960_000)).toBe('1 GB')
    expect(en.bytes(10_737_400_000)).toBe('10.7 GB')
    expect(zh.time('2026-01-31T17:30:00Z')).toBe('01:30')
  })

  it('refuses a time zone that does not exist', () => {
    expect(() => createFormat('en', 'Mars/Base')).toThrow(RangeError)
  })
})
