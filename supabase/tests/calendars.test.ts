import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { calendarGaps } from '../server/import/calendar-gaps.ts'
import { workMilliseconds } from '../../src/domain/time/work-ahead.ts'
import type { WorkAhead } from '../../src/domain/time/work-ahead.ts'
import { shippedCalendar, storeShippedCalendar } from '../server/import/shipped-calendars.ts'
import { storeCalendar, storeCalendarYears } from '../server/import/store-calendar.ts'
import type { CalendarDefinition } from '../server/import/store-calendar.ts'
import { chineseCases } from './calendar-cases.ts'
import type { Case } from './calendar-cases.ts'
import { americanCases, chineseHolds } from './calendar-cases-more.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { seedSmallCity } from './harness/small-city.ts'

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

interface Times {
  due: string | null
  warn: string | null
}

/** Due and warning of each clock, as every clock of an incident gets them. */
async function timesOf(
  db: TestDatabase,
  cases: readonly Case[],
  normal: string,
): Promise<Map<Case, Times>> {
  const asked = cases.map(({ start, limit, calendar, rests, extensions }) => {
    const from = [start, ...(rests ?? []).map(([, to]) => to)].map(instantOf)
    const to = (rests ?? []).map(([end]) => instantOf(end))
    return {
      calendar: calendar ?? normal,
      ...{ amount: limit[0], unit: limit[1], rule: limit[2] ?? 'hours' },
      extensions: extensions ?? 0,
      ...{ start: from[0]!, since: from.at(-1)! },
      runs: `{${to.map((end, index) => `[${from[index]},${end})`).join(',')}}`,
    }
  })
  const rows = await db.query<Times>(
    `select to_char(t.due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as due,
       to_char(t.warn_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as warn
     from jsonb_array_elements($1::text::jsonb) with ordinality as q (item, n)
     cross join lateral jsonb_to_record(q.item) as c (calendar text, amount numeric, unit text, rule text,
       extensions smallint, start timestamptz, since timestamptz, runs tstzmultirange)
     cross join lateral private.clock_times(c.calendar, c.amount * (1 + c.extensions), c.unit,
       c.rule, c.start, c.runs, c.since) t
     order by q.n`,
    [JSON.stringify(asked)],
  )
  expect(rows).toHaveLength(cases.length)
  return new Map(cases.map((one, index) => [one, rows[index]!]))
}

/** Gives the small city a time zone, and the calendars of the cases alone. */
async function useCalendars(db: TestDatabase, timeZone: string, code: string): Promise<void> {
  await db.query('delete from public.calendars')
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
}

describeOnEachDatabase('a working calendar', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
  })
  afterAll(() => db?.close())

  it('has at least 60 cases computed by hand', () => {
    expect(chineseCases.length + chineseHolds.length + americanCases.length).toBeGreaterThanOrEqual(
      60,
    )
  })

  describe.each([
    ['China', 'Asia/Shanghai', 'cn', [...chineseCases, ...chineseHolds]],
    ['San Francisco', 'America/Los_Angeles', 'us', americanCases],
  ] as const)('in %s', (_, timeZone, code, cases) => {
    let times: Map<Case, Times>
    beforeAll(async () => {
      await useCalendars(db, timeZone, code)
      times = await timesOf(db, cases, code)
    })

    it.each(cases)('$name: $limit from $start', (item) => {
      const { due, warn } = times.get(item)!
      expect(due).toBe(item.due && instantOf(item.due))
      if (item.warn) expect(warn).toBe(instantOf(item.warn))
    })

    it('tells of the week ahead what the clocks count, minute by minute', async () => {
      // noon breaks and a weekend; the festival; a night; both weeks of a changed clock
      const asked = {
        cn: [
          ['cn', '2026-03-05 11:59', 1],
          ['cn', '2026-02-13 17:59', 5],
          ['night', '2026-10-08 03:00', 5],
          ['always', '2026-03-05 11:59', 60],
        ],
        us: [
          ['us', '2026-03-05 20:30', 1],
          ['us', '2026-10-31 03:00', 5],
          ['night', '2026-03-08 17:30', 5],
        ],
      } as const
      for (const [calendar, start, step] of asked[code]) {
        const from = Date.parse(instantOf(start)) + 17_250
        const [row] = await db.query<{ ahead: WorkAhead; counted: string[] }>(
          `select private.work_ahead($1, $2::timestamptz) as ahead,
             (select array_agg(trunc(private.work_seconds($1, $2::timestamptz,
                 $2::timestamptz + make_interval(mins => n)) * 1000)::text order by n)
               from generate_series(0, 7 * 1440, $3) n) as counted`,
          [calendar, new Date(from).toISOString(), step],
        )
        const { ahead, counted } = row!
        expect(Date.parse(ahead.until)).toBe(from + 7 * 86_400_000)
        expect(ahead.spans.length).toBeLessThan(20)
        expect(counted.map(Number)).toEqual(
          counted.map((_, n) => workMilliseconds(ahead, from, from + n * step * 60_000)),
        )
      }
    })
  })

  describe('of a city', () => {
    beforeAll(() => useCalendars(db, 'Asia/Shanghai', 'cn'))
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

    it('tells of the time ahead no more than the calendar knows', async () => {
      const ahead = async (calendar: string, at: string) =>
        (
          await db.query<{ ahead: WorkAhead | null }>(
            'select private.work_ahead($1, $2) as ahead',
            [calendar, instantOf(at)],
          )
        )[0]!.ahead
      expect(await ahead('cn', '2027-01-01 00:01')).toBeNull()
      expect(await ahead('none', '2026-05-01 10:00')).toBeNull()
      const last = await ahead('cn', '2026-12-31 17:00')
      expect(Date.parse(last!.until)).toBe(Date.parse(instantOf('2027-01-01 00:00')))
      expect(last!.spans.map((span) => span.map((at) => new Date(at).toISOString()))).toEqual([
        ['2026-12-31 17:00', '2026-12-31 18:00'].map(instantOf),
      ])
      // more than 200 spans: complete up to the first that is left out
      await db.query(
        `insert into private.calendar_spans (calendar, starts_at, ends_at, before_seconds)
         select 'always', at, at + interval '1 minute', -1000000 + n * 60
         from (select n, timestamptz '2025-01-01T00:00Z' - make_interval(hours => 300) + make_interval(mins => n * 2) as at
           from generate_series(1, 300) n) s`,
      )
      await db.query(
        `update private.calendar_covers set starts_at = starts_at - interval '20 days' where calendar = 'always'`,
      )
      const many = await ahead('always', '2024-12-15 00:00')
      await db.query(`select private.rebuild_calendar('always')`)
      expect(many!.spans).toHaveLength(200)
      expect(Date.parse(many!.until)).toBe(Date.parse(many!.spans[199]![1]) + 60_000)
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
  describe('of working time', () => {
    beforeAll(() => db.query(`update public.city_settings set time_zone = 'America/Los_Angeles'`))

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
    /** Of each minute of the window, by the city's clocks. */
    const locals = Array.from({ length: windowMinutes }, (_, minute) => {
      const local = localOf(minute)
      return {
        date: local.toISOString().slice(0, 10),
        weekday: local.getUTCDay() || 7,
        ofDay: local.getUTCHours() * 60 + local.getUTCMinutes(),
      }
    })
    /** Whether each minute of the window is worked: the oracle walks minutes and knows no spans. */
    function workedMinutes({ hours, days }: Week): boolean[] {
      const special = new Map(days.map(({ date, asWeekday }) => [date, asWeekday]))
      return locals.map(({ date, weekday: own, ofDay }) => {
        const weekday = special.has(date) ? special.get(date) : own
        return hours.some(
          (span) => span.weekday === weekday && span.from <= ofDay && ofDay < span.to,
        )
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
                asked.map(([from, to, amount]) => ({
                  from: at(from),
                  to: at(to),
                  minutes: amount,
                })),
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
})
