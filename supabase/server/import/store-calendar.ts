import type { Database } from '../base/database-types.ts'
import type { CalendarYear } from './calendar-file.ts'

export interface CalendarDefinition {
  code: string
  nameZh: string
  nameEn: string
  /** Wall-clock times, `08:00`; `24:00` ends a day. */
  hours: { weekdays: number[]; from: string; to: string }[]
  /** Length of one working day, `08:00`. */
  workingDay: string
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

/** A calendar without years, the default of the city unless it has an area. */
export async function storeCalendar(
  db: Database,
  { code, nameZh, nameEn, hours, workingDay }: CalendarDefinition,
  areaCode: string | null = null,
): Promise<void> {
  await db.query(
    `insert into public.calendars (code, name_zh, name_en, area_code, day_seconds)
     values ($1, $2, $3, $4, $5)`,
    [code, nameZh, nameEn, areaCode, minutesOf(workingDay) * 60],
  )
  await storeHours(db, code, hours)
}

/** Replaces the working hours; the calendar is to be computed again. */
export async function storeHours(
  db: Database,
  calendar: string,
  hours: CalendarDefinition['hours'],
): Promise<void> {
  const rows = hours.flatMap(({ weekdays, from, to }) =>
    weekdays.map((weekday) => ({ weekday, from: minutesOf(from), to: minutesOf(to) })),
  )
  await db.query('delete from public.calendar_hours h where h.calendar = $1', [calendar])
  await db.query(
    `insert into public.calendar_hours (calendar, weekday, from_minute, to_minute)
     select $1, h.weekday, h."from", h."to"
     from jsonb_to_recordset($2::text::jsonb) as h (weekday smallint, "from" smallint, "to" smallint)`,
    [calendar, JSON.stringify(rows)],
  )
}

/** Gives an area a calendar of its own that begins as another is. */
export async function copyCalendar(
  db: Database,
  from: string,
  { code, area, name }: { code: string; area: string; name: string },
): Promise<void> {
  await db.query(
    `insert into public.calendars (code, name_zh, name_en, area_code, day_seconds)
     select $2, $4, $4, $3, c.day_seconds from public.calendars c where c.code = $1`,
    [from, code, area, name],
  )
  const columns = {
    calendar_hours: 'weekday, from_minute, to_minute',
    calendar_days: 'day, as_weekday, name',
    calendar_years: 'year, source',
  }
  for (const [table, list] of Object.entries(columns)) {
    await db.query(
      `insert into public.${table} (calendar, ${list})
       select $2, ${list} from public.${table} where calendar = $1`,
      [from, code],
    )
  }
}

/**
 * Replaces the days of these years and computes the calendar again. A make-up day works as its own
 * weekday where that has hours, else as the first weekday that has.
 */
export async function storeCalendarYears(
  db: Database,
  calendar: string,
  years: readonly CalendarYear[],
  source: string,
): Promise<void> {
  for (const { year, papers, days } of years) {
    await db.query(
      `insert into public.calendar_years (calendar, year, source) values ($1, $2, $3)
       on conflict (calendar, year) do update set source = excluded.source`,
      [calendar, year, papers.join(' ') || source],
    )
    await db.query(
      `delete from public.calendar_days d
       where d.calendar = $1 and d.day >= make_date($2, 1, 1) and d.day < make_date($2 + 1, 1, 1)`,
      [calendar, year],
    )
    await db.query(
      `insert into public.calendar_days (calendar, day, as_weekday, name)
       select $1, d.date, case when not d."isOffDay" then (
           select h.weekday from public.calendar_hours h where h.calendar = $1
           order by h.weekday <> extract(isodow from d.date), h.weekday limit 1) end, d.name
       from jsonb_to_recordset($2::text::jsonb) as d (date date, name text, "isOffDay" boolean)
       on conflict (calendar, day) do update set as_weekday = excluded.as_weekday, name = excluded.name`,
      [calendar, JSON.stringify(days)],
    )
  }
  await db.query('select private.rebuild_calendar($1)', [calendar])
}
