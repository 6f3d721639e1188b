import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { calendarGaps } from '../server/import/calendar-gaps.ts'
import { shippedCalendar, storeShippedCalendar } from '../server/import/shipped-calendars.ts'
import { storeCalendar, storeCalendarYears } from '../server/import/store-calendar.ts'
import type { CalendarDefinition } from '../server/import/store-calendar.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { seedSmallCity } from './harness/small-city.ts'

type Unit = 'urgent_hour' | 'natural_day' | 'work_hour' | 'work_day'

/** A clock of the table: China's times are wall-clock times, the others carry their offset. */
interface Case {
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

const minutes = (count: number): Case['limit'] => [count / 60, 'work_hour']

/** Computed by hand; rows 1 to 8 are the check values of the trade. */
const chineseCases: Case[] = [
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

  {
    name: 'holds over New Year',
    start: '2025-12-30 15:00',
    limit: [2, 'work_day'],
    rests: [['2025-12-31 08:00', '2026-01-05 08:00']],
    due: '2026-01-06 15:00',
  },
  {
    name: 'holds from a noon break to a night',
    start: '2026-03-02 08:00',
    limit: [1, 'work_day'],
    rests: [['2026-03-02 12:30', '2026-03-04 22:00']],
    due: '2026-03-05 12:00',
  },
  {
    name: 'measures a hold of urgent time by the clock',
    start: '2026-03-02 22:00',
    limit: [4, 'urgent_hour'],
    rests: [['2026-03-02 23:00', '2026-03-03 06:00']],
    due: '2026-03-03 09:00',
  },
  {
    name: 'adds no wall-clock hold to working time',
    start: '2026-03-06 16:00',
    limit: [4, 'work_hour'],
    rests: [['2026-03-06 17:00', '2026-03-09 08:00']],
    due: '2026-03-09 11:00',
  },
  {
    name: 'goes on after two rests',
    start: '2026-03-02 08:00',
    limit: [1, 'work_day'],
    rests: [
      ['2026-03-02 10:00', '2026-03-03 14:00'],
      ['2026-03-03 16:00', '2026-03-04 09:00'],
    ],
    due: '2026-03-04 15:00',
  },
  {
    name: 'holds natural days by the clock',
    start: '2026-03-02 10:00',
    limit: [3, 'natural_day'],
    rests: [['2026-03-03 10:00', '2026-03-05 12:00']],
    due: '2026-03-07 12:00',
  },
  {
    name: 'stays overdue by an hour of work when it goes on',
    start: '2026-03-02 08:00',
    limit: [1, 'work_hour'],
    rests: [['2026-03-02 10:00', '2026-03-03 09:00']],
    due: '2026-03-02 18:00',
    warn: '2026-03-03 09:00',
  },
  {
    name: 'holds a limit that ends with a day',
    start: '2026-03-02 16:00',
    limit: [1, 'work_day', 'end_of_day'],
    rests: [['2026-03-02 17:00', '2026-03-04 14:00']],
    due: '2026-03-05 15:00',
  },
  {
    name: 'warns at once when it goes on with little left',
    start: '2026-03-02 08:00',
    limit: [4, 'work_hour'],
    rests: [['2026-03-02 11:30', '2026-03-03 08:00']],
    due: '2026-03-03 08:30',
    warn: '2026-03-03 08:00',
  },

  {
    name: 'adds an extension of a day',
    start: '2026-03-02 09:00',
    limit: [1, 'work_day'],
    extensions: 1,
    due: '2026-03-04 09:00',
  },
  {
    name: 'adds two extensions',
    start: '2026-03-02 09:00',
    limit: [1, 'work_day'],
    extensions: 2,
    due: '2026-03-05 09:00',
  },
  {
    name: 'adds an extension to the end of a day',
    start: '2026-03-02 10:00',
    limit: [2, 'work_day', 'end_of_day'],
    extensions: 1,
    due: '2026-03-06 18:00',
  },
  {
    name: 'adds an extension over the festival',
    start: '2026-02-13 10:00',
    limit: [1, 'work_day', 'end_of_day'],
    extensions: 1,
    due: '2026-02-24 18:00',
  },
  {
    name: 'adds an extension of natural days',
    start: '2026-03-02 10:00',
    limit: [1, 'natural_day'],
    extensions: 1,
    due: '2026-03-04 10:00',
  },
  {
    name: 'warns at 75 % of an extended limit',
    start: '2026-03-02 08:00',
    limit: [4, 'work_hour'],
    extensions: 1,
    due: '2026-03-02 18:00',
    warn: '2026-03-02 16:00',
  },

  {
    name: 'runs through midnight',
    calendar: 'always',
    start: '2026-03-02 23:59',
    limit: minutes(2),
    due: '2026-03-03 00:01',
  },
  {
    name: 'loses no minute at three midnights',
    calendar: 'always',
    start: '2026-03-02 10:00',
    limit: [72, 'work_hour'],
    due: '2026-03-05 10:00',
  },
  {
    name: 'runs through New Year',
    calendar: 'always',
    start: '2025-12-31 23:30',
    limit: [1, 'work_hour'],
    due: '2026-01-01 00:30',
  },
  {
    name: 'ends with the day after',
    calendar: 'always',
    start: '2026-03-02 10:00',
    limit: [1, 'work_day', 'end_of_day'],
    due: '2026-03-04 00:00',
  },
  {
    name: 'runs a whole day',
    calendar: 'always',
    start: '2026-03-02 00:00',
    limit: [24, 'work_hour'],
    due: '2026-03-03 00:00',
  },
  {
    name: 'runs a night shift through midnight',
    calendar: 'night',
    start: '2026-03-02 23:00',
    limit: [2, 'work_hour'],
    due: '2026-03-03 01:00',
  },
  {
    name: 'passes from the last night to the next week',
    calendar: 'night',
    start: '2026-03-06 23:00',
    limit: [8, 'work_hour'],
    due: '2026-03-09 23:00',
  },
]

/** San Francisco: the clock goes forward on 8 March 2026 at 2:00 and back on 1 November 2026 at 2:00. */
const americanCases: Case[] = [
  {
    name: 'passes over the spring weekend',
    start: '2026-03-06 16:00-08',
    limit: [2, 'work_hour'],
    due: '2026-03-09 09:00-07',
  },
  {
    name: 'takes the same wall clock after 23 hours',
    start: '2026-03-07 10:00-08',
    limit: [1, 'natural_day'],
    due: '2026-03-08 10:00-07',
  },
  {
    name: 'runs 24 urgent hours in spring',
    start: '2026-03-07 10:00-08',
    limit: [24, 'urgent_hour'],
    due: '2026-03-08 11:00-07',
  },
  {
    name: 'takes the same wall clock after 25 hours',
    start: '2026-10-31 10:00-07',
    limit: [1, 'natural_day'],
    due: '2026-11-01 10:00-08',
  },
  {
    name: 'runs 24 urgent hours in autumn',
    start: '2026-10-31 10:00-07',
    limit: [24, 'urgent_hour'],
    due: '2026-11-01 09:00-08',
  },
  {
    name: 'passes over the autumn weekend',
    start: '2026-10-30 16:00-07',
    limit: [2, 'work_hour'],
    due: '2026-11-02 09:00-08',
  },
  {
    name: 'runs round the clock through the missing hour',
    calendar: 'always',
    start: '2026-03-07 12:00-08',
    limit: [24, 'work_hour'],
    due: '2026-03-08 13:00-07',
  },
  {
    name: 'runs round the clock through the double hour',
    calendar: 'always',
    start: '2026-10-31 12:00-07',
    limit: [24, 'work_hour'],
    due: '2026-11-01 11:00-08',
  },
  {
    name: 'runs an hour over the missing one',
    start: '2026-03-08 01:30-08',
    limit: [1, 'urgent_hour'],
    due: '2026-03-08 03:30-07',
  },
  {
    name: 'runs an hour within the double one',
    start: '2026-11-01 01:30-07',
    limit: [1, 'urgent_hour'],
    due: '2026-11-01 01:30-08',
  },
  {
    name: 'takes the next time for one that does not exist',
    start: '2026-03-07 02:30-08',
    limit: [1, 'natural_day'],
    due: '2026-03-08 03:30-07',
  },
  {
    name: 'ends with a day of 23 hours',
    calendar: 'always',
    start: '2026-03-07 10:00-08',
    limit: [1, 'work_day', 'end_of_day'],
    due: '2026-03-09 00:00-07',
  },
  {
    name: 'runs a night shift of 7 hours through the missing one',
    calendar: 'night',
    start: '2026-03-07 23:00-08',
    limit: [7, 'work_hour'],
    due: '2026-03-08 23:00-07',
  },
  {
    name: 'passes over Thanksgiving',
    start: '2026-11-25 16:00-08',
    limit: [2, 'work_hour'],
    due: '2026-11-27 09:00-08',
  },
  {
    name: 'passes over Independence Day on a Saturday',
    start: '2026-07-02 16:00-07',
    limit: [2, 'work_hour'],
    due: '2026-07-06 09:00-07',
  },
  {
    name: 'passes over New Year observed in the old year',
    start: '2021-12-30 16:00-08',
    limit: [2, 'work_hour'],
    due: '2022-01-03 09:00-08',
  },
  {
    name: 'passes over the first Juneteenth',
    start: '2021-06-17 16:00-07',
    limit: [2, 'work_hour'],
    due: '2021-06-21 09:00-07',
  },
  {
    name: 'jumps over a noon break of an hour',
    start: '2026-03-02 11:30-08',
    limit: [1, 'work_hour'],
    due: '2026-03-02 13:30-08',
  },
  {
    name: 'holds over the spring weekend',
    start: '2026-03-06 09:00-08',
    limit: [1, 'work_day'],
    rests: [['2026-03-06 11:00-08', '2026-03-09 13:00-07']],
    due: '2026-03-10 10:00-07',
  },
]

const always: CalendarDefinition = {
  code: 'always',
  nameZh: '全天',
  nameEn: 'Always',
  hours: [{ weekdays: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }],
  workingDay: '24:00',
}
const night: CalendarDefinition = {
  code: 'night',
  nameZh: '夜班',
  nameEn: 'Nights',
  hours: [
    { weekdays: [1, 2, 3, 4, 5], from: '22:00', to: '24:00' },
    { weekdays: [2, 3, 4, 5, 6], from: '00:00', to: '06:00' },
  ],
  workingDay: '08:00',
}

const instantOf = (text: string): string => {
  const [day, time = ''] = text.split(' ')
  return new Date(`${day}T${time}${/[+-]\d\d$/.test(time) ? ':00' : '+08:00'}`).toISOString()
}

/** Due and warning of a clock, as every clock of an incident gets them. */
async function timesOf(
  db: TestDatabase,
  { start, limit, calendar, rests, extensions }: Case,
  normal: string,
) {
  const from = [start, ...(rests ?? []).map(([, to]) => to)].map(instantOf)
  const to = (rests ?? []).map(([end]) => instantOf(end))
  const runs = `{${to.map((end, index) => `[${from[index]},${end})`).join(',')}}`
  const [row] = await db.query<{ due: string | null; warn: string | null }>(
    `select to_char(t.due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as due,
       to_char(t.warn_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as warn
     from private.clock_times(('N', gen_random_uuid(), 1, 'handle', null, null, $1::text, $2::numeric, $3::text,
       $4::text, $5::smallint, $6::text::timestamptz, $7::text::tstzmultirange, $8::text::timestamptz, null, null,
       null, null, null, false)::public.incident_clocks) t`,
    [
      calendar ?? normal,
      limit[0],
      limit[1],
      limit[2] ?? 'hours',
      extensions ?? 0,
      from[0]!,
      runs,
      from.at(-1)!,
    ],
  )
  return row!
}

async function openCity(
  kind: TestDatabase['kind'],
  timeZone: string,
  code: string,
): Promise<TestDatabase> {
  const db = await openTestDatabase({ kind })
  await seedSmallCity(db)
  await db.query('update public.city_settings set time_zone = $1', [timeZone])
  const shipped = await shippedCalendar(code)
  await storeShippedCalendar(db, shipped!)
  await storeCalendar(db, always, 'N-1')
  const years = [2025, 2026].map((year) => ({ year, papers: [], days: [] }))
  await storeCalendarYears(db, 'always', years, 'test')
  await storeCalendar(db, night, 'N-10')
  // on Saturday nights too in America, for the night that loses an hour
  if (code === 'us') {
    await db.query(`insert into public.calendar_hours values ('night', 6, 1320, 1440), ('night', 7, 0, 360),
      ('night', 7, 1320, 1440)`)
  }
  await storeCalendarYears(db, 'night', years, 'test')
  return db
}

describeOnEachDatabase('a working calendar', (kind) => {
  it('has at least 60 cases computed by hand', () => {
    expect(chineseCases.length + americanCases.length).toBeGreaterThanOrEqual(60)
  })

  describe.each([
    ['China', 'Asia/Shanghai', 'cn', chineseCases],
    ['San Francisco', 'America/Los_Angeles', 'us', americanCases],
  ] as const)('in %s', (_, timeZone, code, cases) => {
    let db: TestDatabase
    beforeAll(async () => {
      db = await openCity(kind, timeZone, code)
    })
    afterAll(() => db?.close())

    it.each(cases)('$name: $limit from $start', async (item) => {
      const { due, warn } = await timesOf(db, item, code)
      expect(due).toBe(item.due && instantOf(item.due))
      if (item.warn) expect(warn).toBe(instantOf(item.warn))
    })
  })

  describe('of a city', () => {
    let db: TestDatabase
    beforeAll(async () => {
      db = await openCity(kind, 'Asia/Shanghai', 'cn')
    })
    afterAll(() => db?.close())
    const valueOf = async (sql: string) =>
      (await db.query<{ value: unknown }>(`select (${sql})::text as value`))[0]?.value

    it('is the nearest one above an area, else the default', async () => {
      const codes = await db.query(
        `select a.code, private.calendar_of(a.code) as calendar from public.areas a order by a.code collate "C"`,
      )
      expect(codes).toEqual([
        { code: 'N', calendar: 'cn' },
        { code: 'N-1', calendar: 'always' },
        { code: 'N-1-A', calendar: 'always' },
        { code: 'N-10', calendar: 'night' },
        { code: 'N-10-A', calendar: 'night' },
        { code: 'N-1_A', calendar: 'always' },
      ])
    })

    it('has one default', async () => {
      await expect(storeCalendar(db, { ...always, code: 'second' })).rejects.toMatchObject({
        code: '23505',
      })
    })

    it.each([
      ['2026-02-14 00:00', '2026-02-25 00:00', 16 * 3600],
      ['2026-02-09 11:00', '2026-02-09 15:30', 2.5 * 3600],
      ['2026-02-09 12:10', '2026-02-09 13:50', 0],
      ['2026-02-10 09:00', '2026-02-09 17:00', -2 * 3600],
      ['2025-01-01 00:00', '2027-01-01 00:00', 2 * 248 * 8 * 3600],
    ])('works from %s to %s for %i seconds', async (from, to, seconds) => {
      expect(
        Number(
          await valueOf(`private.work_seconds('cn', '${instantOf(from)}', '${instantOf(to)}')`),
        ),
      ).toBe(seconds)
    })

    it.each([
      ['2026-12-31 10:00', '2027-01-01 00:01'],
      ['2024-12-31 23:59', '2025-01-02 10:00'],
    ])('knows nothing from %s to %s', async (from, to) => {
      expect(
        await valueOf(`private.work_seconds('cn', '${instantOf(from)}', '${instantOf(to)}')`),
      ).toBeNull()
    })

    it.each([
      [2, 'fortnight', 'hours'],
      [2, '', 'hours'],
      [2, '2紧急工作时', 'hours'],
      [0, 'work_hour', 'hours'],
      [-1, 'work_day', 'hours'],
      [1.5, 'natural_day', 'hours'],
      [1.5, 'work_day', 'end_of_day'],
      [1, 'work_hour', 'end_of_day'],
      [1, 'work_day', 'soon'],
    ])('refuses the limit %s %s (%s)', async (amount, unit, rule) => {
      await expect(
        valueOf(`private.limit_seconds('cn', now(), ${amount}, '${unit}', '${rule}')`),
      ).rejects.toMatchObject({ code: '22023' })
      await expect(
        db.query(
          `insert into public.workflow_limits (workflow, clock, amount, unit, day_rule)
           values ('service', 'verify', $1, $2, $3)`,
          [amount, unit, rule],
        ),
      ).rejects.toMatchObject({ code: '23514' })
    })

    it('says a month before that the next year is missing, and does not guess it', async () => {
      const gaps = (at: string) =>
        db.query(
          `select g.calendar, g.year from private.calendar_gaps('${instantOf(at)}') g where g.calendar = 'cn'`,
        )
      expect(await gaps('2026-11-30 23:59')).toEqual([])
      expect(await gaps('2026-12-01 00:00')).toEqual([{ calendar: 'cn', year: 2027 }])
      expect(await gaps('2027-01-01 00:00')).toEqual([{ calendar: 'cn', year: 2027 }])
      const inWords = async (at: string) =>
        (await calendarGaps(db, instantOf(at))).filter((line) => line.includes('"cn"'))
      expect(await inWords('2026-11-30 23:59')).toEqual([])
      expect(await inWords('2026-12-01 00:00')).toEqual([expect.stringContaining('2027')])
    })

    it('knows nothing across a missing year', async () => {
      await storeCalendarYears(db, 'night', [{ year: 2028, papers: [], days: [] }], 'test')
      expect(
        await valueOf(
          `private.add_work_seconds('night', '${instantOf('2026-12-31 23:00')}', 7200)`,
        ),
      ).toBeNull()
      expect(
        await valueOf(
          `private.limit_seconds('night', '${instantOf('2026-12-31 10:00')}', 1, 'work_day', 'end_of_day')`,
        ),
      ).toBeNull()
      // 1 January 2028 is a Saturday, when the night of Friday ends
      expect(
        await valueOf(`private.add_work_seconds('night', '${instantOf('2028-01-01 05:00')}', 3600)
          = '${instantOf('2028-01-01 06:00')}'`),
      ).toBe('true')
    })

    it('counts hours that overlap once', async () => {
      await db.query(`insert into public.calendar_hours values ('cn', 3, 540, 900)`)
      await db.query(`select private.rebuild_calendar('cn')`)
      // a Wednesday without a noon break until 15:00
      expect(
        await valueOf(
          `private.work_seconds('cn', '${instantOf('2026-03-04 00:00')}', '${instantOf('2026-03-05 00:00')}')`,
        ),
      ).toBe(String(10 * 3600) + '.000000')
    })
  })
})

describeOnEachDatabase('working time', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    await db.query(`update public.city_settings set time_zone = 'America/Los_Angeles'`)
  })
  afterAll(() => db?.close())

  // The window holds the night that loses an hour. Its minutes are counted from here.
  const windowStart = Date.parse('2026-02-25T08:00:00Z')
  const windowMinutes = 20 * 1440
  const springForward = Date.parse('2026-03-08T10:00:00Z')
  const localOf = (minute: number): Date => {
    const time = windowStart + minute * 60_000
    return new Date(time - (time < springForward ? 8 : 7) * 3_600_000)
  }
  interface Week {
    hours: { weekday: number; from: number; to: number }[]
    days: { date: string; asWeekday: number | null }[]
  }
  /** Whether each minute of the window is worked: the oracle walks minutes and knows no spans. */
  function workedMinutes({ hours, days }: Week): boolean[] {
    return Array.from({ length: windowMinutes }, (_, minute) => {
      const local = localOf(minute)
      const special = days.find(({ date }) => date === local.toISOString().slice(0, 10))
      const weekday = special ? special.asWeekday : local.getUTCDay() || 7
      const ofDay = local.getUTCHours() * 60 + local.getUTCMinutes()
      return hours.some((span) => span.weekday === weekday && span.from <= ofDay && ofDay < span.to)
    })
  }
  const at = (minute: number) => new Date(windowStart + minute * 60_000).toISOString()

  const weekOf = fc.record({
    hours: fc.array(
      fc
        .tuple(
          fc.integer({ min: 1, max: 7 }),
          fc.integer({ min: 0, max: 1439 }),
          fc.integer({ min: 1, max: 1440 }),
        )
        .filter(
          // a time that the clock skips is read as a later one: no working hours begin or end there
          ([, from, to]) => from < to && ![from, to].some((time) => time > 120 && time < 180),
        )
        .map(([weekday, from, to]) => ({ weekday, from, to })),
      { maxLength: 14 },
    ),
    days: fc.uniqueArray(
      fc.record({
        date: fc.integer({ min: 0, max: 19 }).map((day) =>
          localOf(day * 1440)
            .toISOString()
            .slice(0, 10),
        ),
        asWeekday: fc.option(fc.integer({ min: 1, max: 7 })),
      }),
      { maxLength: 6, selector: ({ date }) => date },
    ),
  })
  const questions = fc.array(
    fc.tuple(
      fc.integer({ min: 0, max: windowMinutes - 1 }),
      fc.integer({ min: 0, max: windowMinutes - 1 }),
      fc.integer({ min: 1, max: 3000 }),
    ),
    { minLength: 20, maxLength: 20 },
  )

  it('is what a walk over the minutes finds', async () => {
    await fc.assert(
      fc.asyncProperty(weekOf, questions, async (week, asked) => {
        await db.query(`delete from public.calendars`)
        await storeCalendar(db, { ...always, hours: [] })
        await db.query(
          `insert into public.calendar_hours select 'always', h.weekday, h."from", h."to"
           from jsonb_to_recordset($1::text::jsonb) as h (weekday smallint, "from" smallint, "to" smallint)
           on conflict do nothing`,
          [JSON.stringify(week.hours)],
        )
        await db.query(
          `insert into public.calendar_days (calendar, day, as_weekday)
           select 'always', d.date, d."asWeekday"
           from jsonb_to_recordset($1::text::jsonb) as d (date date, "asWeekday" smallint)`,
          [JSON.stringify(week.days)],
        )
        await db.query(`insert into public.calendar_years values ('always', 2026, 'test')`)
        await db.query(`select private.rebuild_calendar('always')`)
        // spans that begin alike are one row in the table: the first
        const firsts = week.hours.filter(
          (span, index) =>
            week.hours.findIndex((o) => o.weekday === span.weekday && o.from === span.from) ===
            index,
        )
        const worked = workedMinutes({ ...week, hours: firsts })
        const expected = asked.map(([from, to, amount]) => {
          const [low, high] = [Math.min(from, to), Math.max(from, to)]
          const between = worked.slice(low, high).filter(Boolean).length * 60
          let left = amount
          let minute = from
          for (; minute < windowMinutes && left > 0; minute += 1) if (worked[minute]) left -= 1
          return {
            between: from <= to ? between : -between || 0,
            due: left > 0 ? null : at(minute),
          }
        })
        const found = await db.query<{ between: string; due: string }>(
          `select private.work_seconds('always', (q.item ->> 'from')::timestamptz,
               (q.item ->> 'to')::timestamptz) as between,
             to_char(private.add_work_seconds('always', (q.item ->> 'from')::timestamptz,
               (q.item ->> 'minutes')::integer * 60) at time zone 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as due
           from jsonb_array_elements($1::text::jsonb) with ordinality as q (item, n) order by q.n`,
          [
            JSON.stringify(
              asked.map(([from, to, amount]) => ({ from: at(from), to: at(to), minutes: amount })),
            ),
          ],
        )
        for (const [index, row] of found.entries()) {
          const wanted = expected[index]!
          expect(Number(row.between)).toBe(wanted.between)
          // beyond the window the oracle cannot see
          if (wanted.due !== null) expect(row.due).toBe(wanted.due)
        }
      }),
      { numRuns: 40 },
    )
  })
})
