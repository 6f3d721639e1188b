import type { Database } from '../base/database-types.ts'

/** Years that calendars lack at an instant (ISO 8601), in words; the next year from a month before. */
export async function calendarGaps(db: Database, at: string): Promise<string[]> {
  const gaps = await db.query<{ calendar: string; year: number }>(
    'select g.calendar, g.year from private.calendar_gaps($1::text::timestamptz) g',
    [at],
  )
  return gaps.map(
    ({ calendar, year }) =>
      `the working calendar "${calendar}" has no days for ${year}: due times in that year are unknown until it is imported`,
  )
}
