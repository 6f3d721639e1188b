import { readFile } from 'node:fs/promises'
import type { Database } from '../base/database-types.ts'
import { readCalendarFile } from './calendar-file.ts'
import { storeCalendar, storeCalendarYears } from './store-calendar.ts'
import type { CalendarDefinition } from './store-calendar.ts'

interface ShippedCalendar extends CalendarDefinition {
  /** The default of cities in these zones, IANA. */
  timeZones: string[]
  /** In the format of holiday-cn, beside the definition. */
  files: string[]
}

const folder = new URL('../../seed/calendars/', import.meta.url)
const shippedCodes = ['cn', 'us']

const readShipped = async (code: string): Promise<ShippedCalendar> =>
  JSON.parse(await readFile(new URL(`${code}.json`, folder), 'utf8')) as ShippedCalendar

/** Stores a shipped calendar with all its years. */
export async function storeShippedCalendar(
  db: Database,
  calendar: ShippedCalendar,
  areaCode: string | null = null,
): Promise<void> {
  await storeCalendar(db, calendar, areaCode)
  for (const file of calendar.files) {
    const text = await readFile(new URL(file, folder), 'utf8')
    await storeCalendarYears(db, calendar.code, readCalendarFile(text, file).years, file)
  }
}

/** @returns null when none has this code. */
export async function shippedCalendar(code: string): Promise<ShippedCalendar | null> {
  return shippedCodes.includes(code) ? readShipped(code) : null
}

/**
 * Gives a city without a calendar the one of its time zone; call it in a transaction. A zone without
 * one is left alone: its working times are unknown, not guessed.
 * @returns the code, or null when nothing was stored.
 */
export async function giveDefaultCalendar(db: Database): Promise<string | null> {
  const [city] = await db.query<{ time_zone: string }>(
    `select c.time_zone from public.city_settings c
     where not exists (select from public.calendars k)`,
  )
  if (!city) return null
  for (const code of shippedCodes) {
    const calendar = await readShipped(code)
    if (!calendar.timeZones.includes(city.time_zone)) continue
    await storeShippedCalendar(db, calendar)
    return code
  }
  return null
}
