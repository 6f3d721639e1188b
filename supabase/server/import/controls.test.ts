import { describe, expect, it } from 'vitest'
import { minuteInWords, readMinute, readWeekdays } from './controls.ts'

describe('the hours of a control', () => {
  it.each([
    ['', [1, 2, 3, 4, 5, 6, 7]],
    ['1-5', [1, 2, 3, 4, 5]],
    ['Mon-Fri, Sunday', [1, 2, 3, 4, 5, 7]],
    ['周一至周五', [1, 2, 3, 4, 5]],
    ['星期六、星期天', [6, 7]],
    ['sat-mon', [1, 6, 7]],
    ['３', [3]],
  ])('read the weekdays %s', (text, days) => expect(readWeekdays(text)).toEqual(days))

  it.each(['8', '0', 'Mon-', '1-3-5', '工作日', '一五'])('refuse the weekdays %s', (text) =>
    expect(readWeekdays(text)).toBeNull(),
  )

  it.each([
    ['00:00', 0],
    ['8:30', 510],
    ['２４：００', 1440],
  ])('read the time %s', (text, minute) => {
    expect(readMinute(text)).toBe(minute)
    expect(readMinute(minuteInWords(minute))).toBe(minute)
  })

  it.each(['24:01', '8:60', '8', '8.30', '-1:00', ''])('refuse the time %s', (text) =>
    expect(readMinute(text)).toBeNull(),
  )
})
