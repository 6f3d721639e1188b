import { describe, expect, it } from 'vitest'
import { readDate } from './dates/date-text.ts'
import { closingInstant } from './row-times.ts'

const rules = {
  timeZone: 'America/Los_Angeles',
  order: 'ymd',
  numeric: null,
  slackSeconds: 60,
} as const
const now = '2026-03-06T20:00:00.000Z'
const closing = (opened: string, closed: string) =>
  closingInstant(
    readDate(closed, rules.timeZone, 'ymd')!,
    readDate(opened, rules.timeZone, 'ymd')!.at,
    rules,
    now,
  )

describe('closingInstant', () => {
  it.each([
    // as written
    ['2026-03-05 10:00', '2026-03-05 10:00', '2026-03-05T18:00:00.000Z', null],
    // a day alone: the report's own instant, the day's end, or now
    ['2026-03-05 10:00', '2026-03-05', '2026-03-05T18:00:00.000Z', 'closing_day'],
    ['2026-03-04 10:00', '2026-03-05', '2026-03-06T07:59:59.000Z', 'closing_day'],
    ['2026-03-05 10:00', '2026-03-06', now, 'closing_day'],
    // 1:10 comes twice on 1 November 2015: the second follows 1:50
    ['2015-11-01 01:50', '2015-11-01 01:10', '2015-11-01T09:10:00.000Z', 'repeated_hour'],
    [
      '2026-03-05 10:00:58',
      '2026-03-05 10:00:00',
      '2026-03-05T18:00:58.000Z',
      'closed_just_before',
    ],
  ])('of %s closed %s is %s (%s)', (opened, closed, at, doubt) => {
    expect(closing(opened, closed)).toEqual({ at, doubt })
  })

  it.each([
    ['2026-03-05 10:01:01', '2026-03-05 10:00:00'],
    ['2026-03-05 10:00', '2026-03-04'],
  ])('is none where %s was closed %s', (opened, closed) =>
    expect(closing(opened, closed)).toBeNull(),
  )
})
