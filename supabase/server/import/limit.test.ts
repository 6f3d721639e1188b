import { describe, expect, it } from 'vitest'
import { limitInWords, limitUnits, readLimit } from './limit.ts'
import type { Limit } from './limit.ts'

describe('a limit', () => {
  it.each<[string, Limit['amount'], Limit['unit'], Limit['dayRule']?]>([
    ['4 working hours', 4, 'work_hour'],
    ['1 Working Hour', 1, 'work_hour'],
    ['7 work_day', 7, 'work_day'],
    ['5 business days', 5, 'work_day'],
    ['2 紧急工作时', 2, 'urgent_hour'],
    ['2紧急工作时', 2, 'urgent_hour'],
    ['２个工作日', 2, 'work_day'],
    ['0.25 urgent_hour', 0.25, 'urgent_hour'],
    ['1.5 working days', 1.5, 'work_day'],
    ['3 自然日', 3, 'natural_day'],
    ['3 calendar days', 3, 'natural_day'],
    ['3 工作日（当日止）', 3, 'work_day', 'end_of_day'],
    ['3 工作日至当日止', 3, 'work_day', 'end_of_day'],
    ['2 working days (end of day)', 2, 'work_day', 'end_of_day'],
    ['2 work_day end_of_day', 2, 'work_day', 'end_of_day'],
  ])('is read: %s', (text, amount, unit, dayRule = 'hours') => {
    expect(readLimit(text)).toEqual({ amount, unit, dayRule })
  })

  it.each([
    ['2 fortnights', 'unreadable_limit'],
    ['soon', 'unreadable_limit'],
    ['working hours', 'unreadable_limit'],
    ['-4 working hours', 'unreadable_limit'],
    ['1e3 working hours', 'unreadable_limit'],
    ['4 working hours or so', 'unreadable_limit'],
    ['4 working hours, 2 working days', 'unreadable_limit'],
    ['4 working hours (end of day)', 'unreadable_limit'],
    ['两个工作日', 'unreadable_limit'],
    ['2 hours', 'ambiguous_limit'],
    ['2小时', 'ambiguous_limit'],
    ['3 天', 'ambiguous_limit'],
    ['15 分钟', 'ambiguous_limit'],
    ['0 working hours', 'limit_out_of_range'],
    ['100000 working hours', 'limit_out_of_range'],
    ['1.5 natural days', 'limit_out_of_range'],
    ['1.5 working days (end of day)', 'limit_out_of_range'],
  ])('is refused: %s', (text, reason) => {
    expect(readLimit(text)).toEqual({ reason })
  })

  it('is read as it is written, in both languages', () => {
    for (const locale of ['zh-CN', 'en']) {
      for (const unit of limitUnits) {
        for (const amount of [1, 2, 20]) {
          const rules =
            unit === 'work_day' ? (['hours', 'end_of_day'] as const) : ['hours' as const]
          for (const dayRule of rules) {
            const limit = { amount, unit, dayRule }
            expect(readLimit(limitInWords(limit, locale))).toEqual(limit)
          }
        }
      }
    }
  })
})
