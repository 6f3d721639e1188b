type Unit = 'urgent_hour' | 'natural_day' | 'work_hour' | 'work_day'

/** A clock of the table: China's times are wall-clock times, the others carry their offset. */
export interface Case {
  name: string
  start: string
  /** Amount, unit and day rule. */
  limit: [amount: number, unit: Unit, rule?: 'end_of_day']
  due: string | null
  warn?: string
  calendar?: string
  /** Rests and holds, in order. */
  rests?: [from: string, to: string][]
  extensions?: number
}

/** Limits in minutes of working time. */
export const minutes = (count: number): Case['limit'] => [count / 60, 'work_hour']

/** Computed by hand; rows 1 to 8 are the check values of the trade. */
export const chineseCases: Case[] = [
  {
    name: 'goes on on a make-up Saturday',
    start: '2026-02-13 16:00',
    limit: [4, 'work_hour'],
    due: '2026-02-14 10:00',
  },
  {
    name: 'passes over Spring Festival',
    start: '2026-02-14 17:30',
    limit: [1, 'work_hour'],
    due: '2026-02-24 08:30',
  },
  {
    name: 'starts in the noon break',
    start: '2026-02-10 12:30',
    limit: [1, 'work_hour'],
    due: '2026-02-10 15:00',
  },
  {
    name: 'counts 7 days over a make-up day and the festival',
    start: '2026-02-09 09:00',
    limit: [7, 'work_day'],
    due: '2026-02-25 09:00',
  },
  {
    name: 'goes on on a make-up Sunday after New Year',
    start: '2025-12-31 17:00',
    limit: [2, 'work_hour'],
    due: '2026-01-04 09:00',
  },
  {
    name: 'passes over Golden Week to the minute',
    start: '2026-09-30 17:59',
    limit: minutes(2),
    due: '2026-10-08 08:01',
  },
  {
    name: 'measures a hold in working time',
    start: '2026-02-12 15:00',
    limit: [3, 'work_day'],
    rests: [['2026-02-13 10:00', '2026-02-25 14:30']],
    due: '2026-02-27 17:30',
  },
  {
    name: 'warns at 75 % on the make-up Saturday',
    start: '2026-02-13 16:00',
    limit: [4, 'work_hour'],
    due: '2026-02-14 10:00',
    warn: '2026-02-14 09:00',
  },

  {
    name: 'is due where the morning ends, not after the break',
    start: '2026-02-09 08:00',
    limit: [4, 'work_hour'],
    due: '2026-02-09 12:00',
  },
  {
    name: 'is due where the day ends, not next morning',
    start: '2026-02-09 08:00',
    limit: [8, 'work_hour'],
    due: '2026-02-09 18:00',
  },
  {
    name: 'takes 8 hours for a day',
    start: '2026-02-09 08:00',
    limit: [1, 'work_day'],
    due: '2026-02-09 18:00',
  },
  {
    name: 'takes the end of the next working day for a day',
    start: '2026-02-09 08:00',
    limit: [1, 'work_day', 'end_of_day'],
    due: '2026-02-10 18:00',
  },
  {
    name: 'waits for the opening',
    start: '2026-02-09 07:00',
    limit: [4, 'work_hour'],
    due: '2026-02-09 12:00',
  },
  {
    name: 'starts at closing time',
    start: '2026-02-09 18:00',
    limit: [1, 'work_hour'],
    due: '2026-02-10 09:00',
  },
  {
    name: 'starts in the evening',
    start: '2026-02-09 20:15',
    limit: [0.5, 'work_hour'],
    due: '2026-02-10 08:30',
  },
  {
    name: 'jumps over the noon break',
    start: '2026-02-09 11:59',
    limit: minutes(2),
    due: '2026-02-09 14:01',
  },
  {
    name: 'starts with the noon break',
    start: '2026-02-09 12:00',
    limit: [1, 'work_hour'],
    due: '2026-02-09 15:00',
  },
  {
    name: 'starts when the noon break ends',
    start: '2026-02-09 14:00',
    limit: [1, 'work_hour'],
    due: '2026-02-09 15:00',
  },
  {
    name: 'starts on a Saturday',
    start: '2026-02-07 10:00',
    limit: [1, 'work_hour'],
    due: '2026-02-09 09:00',
  },
  {
    name: 'starts in the last minute of a Sunday',
    start: '2026-02-08 23:59',
    limit: [1, 'work_hour'],
    due: '2026-02-09 09:00',
  },
  {
    name: 'passes over a weekend',
    start: '2026-02-06 17:00',
    limit: [2, 'work_hour'],
    due: '2026-02-09 09:00',
  },
  {
    name: 'runs the whole make-up Sunday',
    start: '2026-01-04 08:00',
    limit: [8, 'work_hour'],
    due: '2026-01-04 18:00',
  },
  {
    name: 'passes over the Sunday after a make-up Saturday',
    start: '2026-02-28 16:00',
    limit: [4, 'work_hour'],
    due: '2026-03-02 10:00',
  },
  {
    name: 'starts within Spring Festival',
    start: '2026-02-18 10:00',
    limit: [1, 'work_hour'],
    due: '2026-02-24 09:00',
  },
  {
    name: 'counts 5 days by hours over the festival',
    start: '2026-02-13 09:00',
    limit: [5, 'work_day'],
    due: '2026-02-27 09:00',
  },
  {
    name: 'counts 5 days by their ends over the festival',
    start: '2026-02-13 09:00',
    limit: [5, 'work_day', 'end_of_day'],
    due: '2026-02-27 18:00',
  },
  {
    name: 'ends with the first working day after the festival',
    start: '2026-02-18 10:00',
    limit: [1, 'work_day', 'end_of_day'],
    due: '2026-02-24 18:00',
  },
  {
    name: 'ends with the second working day after a Saturday',
    start: '2026-02-07 10:00',
    limit: [2, 'work_day', 'end_of_day'],
    due: '2026-02-10 18:00',
  },
  {
    name: 'takes the local day late in the evening',
    start: '2026-02-09 23:30',
    limit: [1, 'work_day', 'end_of_day'],
    due: '2026-02-10 18:00',
  },
  {
    name: 'takes the local day shortly after midnight',
    start: '2026-02-10 00:30',
    limit: [1, 'work_day', 'end_of_day'],
    due: '2026-02-11 18:00',
  },
  {
    name: 'counts natural days over the festival',
    start: '2026-02-14 17:30',
    limit: [2, 'natural_day'],
    due: '2026-02-16 17:30',
  },
  {
    name: 'runs urgent minutes over midnight',
    start: '2026-02-14 23:50',
    limit: [0.25, 'urgent_hour'],
    due: '2026-02-15 00:05',
  },
  {
    name: 'takes urgent hours for no working hours',
    start: '2026-02-09 17:00',
    limit: [2, 'urgent_hour'],
    due: '2026-02-09 19:00',
  },
  {
    name: 'starts when the year’s last day closes',
    start: '2025-12-31 18:00',
    limit: [1, 'work_hour'],
    due: '2026-01-04 09:00',
  },
  {
    name: 'ends with the year’s last day',
    start: '2025-12-31 08:00',
    limit: [1, 'work_day'],
    due: '2025-12-31 18:00',
  },
  {
    name: 'does not guess the year after the last',
    start: '2026-12-31 17:00',
    limit: [2, 'work_hour'],
    due: null,
  },
  {
    name: 'knows the last hour of the last year',
    start: '2026-12-31 17:00',
    limit: [1, 'work_hour'],
    due: '2026-12-31 18:00',
  },
  {
    name: 'does not guess the first working day after the last year',
    start: '2026-12-31 17:00',
    limit: [1, 'work_day', 'end_of_day'],
    due: null,
  },
  {
    name: 'needs no calendar round the clock',
    start: '2026-12-31 23:50',
    limit: [0.25, 'urgent_hour'],
    due: '2027-01-01 00:05',
  },
  {
    name: 'does not guess the year before the first',
    start: '2024-12-31 10:00',
    limit: [1, 'work_hour'],
    due: null,
  },
  {
    name: 'counts 3 days over Golden Week',
    start: '2026-09-30 08:00',
    limit: [3, 'work_day'],
    due: '2026-10-09 18:00',
  },
  {
    name: 'starts on the Saturday before a make-up Sunday',
    start: '2026-09-19 10:00',
    limit: [1, 'work_hour'],
    due: '2026-09-20 09:00',
  },
  {
    name: 'passes over Mid-Autumn',
    start: '2026-09-24 17:00',
    limit: [2, 'work_hour'],
    due: '2026-09-28 09:00',
  },
  {
    name: 'passes over Labour Day',
    start: '2026-04-30 16:00',
    limit: [4, 'work_hour'],
    due: '2026-05-06 10:00',
  },
  {
    name: 'goes on on the make-up Saturday after Labour Day',
    start: '2026-05-08 17:30',
    limit: [1, 'work_hour'],
    due: '2026-05-09 08:30',
  },
  {
    name: 'passes over Qingming',
    start: '2026-04-03 17:00',
    limit: [2, 'work_hour'],
    due: '2026-04-07 09:00',
  },
  {
    name: 'passes over the Dragon Boat Festival',
    start: '2026-06-18 17:00',
    limit: [2, 'work_hour'],
    due: '2026-06-22 09:00',
  },
  {
    name: 'goes on on the make-up Sunday of 2025',
    start: '2025-01-24 17:00',
    limit: [2, 'work_hour'],
    due: '2025-01-26 09:00',
  },
  {
    name: 'passes over Spring Festival 2025',
    start: '2025-01-27 17:00',
    limit: [2, 'work_hour'],
    due: '2025-02-05 09:00',
  },
  {
    name: 'goes on on the make-up Saturday after Golden Week 2025',
    start: '2025-10-10 16:00',
    limit: [4, 'work_hour'],
    due: '2025-10-11 10:00',
  },
  {
    name: 'counts 20 days',
    start: '2026-03-02 08:00',
    limit: [20, 'work_day'],
    due: '2026-03-27 18:00',
  },
]
