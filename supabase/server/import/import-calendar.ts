import { readFile } from 'node:fs/promises'
import type { Database } from '../base/database-types.ts'
import { readCalendarFile } from './calendar-file.ts'
import { countReasons } from './report.ts'
import type { ImportReport } from './report.ts'
import { shippedCalendar } from './shipped-calendars.ts'
import { storeCalendar, storeCalendarYears } from './store-calendar.ts'
import { ImportFileError } from './text-source.ts'

export interface CalendarImportOptions {
  file: string
  /** Code of the calendar. A shipped one is made where the city has no default yet. */
  calendar: string
  onProgress?: (progress: { looked: number; moved: number }) => void
}

/** Incidents whose due times are computed in one transaction. */
const batch = 5_000

async function makeSureOf(db: Database, code: string): Promise<void> {
  const known = await db.query<{ code: string; area: string | null }>(
    'select c.code, c.area_code as area from public.calendars c',
  )
  if (known.some((calendar) => calendar.code === code)) return
  const shipped = await shippedCalendar(code)
  if (!shipped || known.some(({ area }) => area === null)) {
    const list = known.map((calendar) => calendar.code).join(', ') || 'none'
    throw new ImportFileError(`--calendar ${code}: this city has no such calendar; it has ${list}`)
  }
  await storeCalendar(db, shipped)
}

/** Moves the due times of open incidents after a change of a calendar, or of all with null. */
export async function moveDueTimes(
  db: Database,
  calendar: string | null,
  onProgress?: CalendarImportOptions['onProgress'],
): Promise<{ looked: number; moved: number }> {
  const total = { looked: 0, moved: 0 }
  let after: string | null = null
  do {
    const rows: { next: string | null; looked: number; moved: number }[] = await db.query(
      'select r.* from private.recompute_clocks($1, $2, $3::text::uuid, clock_timestamp()) r',
      [calendar, batch, after],
    )
    const [row] = rows
    after = row?.next ?? null
    total.looked += row?.looked ?? 0
    total.moved += row?.moved ?? 0
    onProgress?.(total)
  } while (after !== null)
  return total
}

/**
 * Imports years in the format of holiday-cn, all or nothing, and moves the due times of open
 * incidents.
 * @throws ImportFileError when the file or the calendar is unusable; nothing is stored.
 */
export async function importCalendar(
  db: Database,
  { file, calendar, onProgress }: CalendarImportOptions,
): Promise<ImportReport> {
  const startedAt = new Date().toISOString()
  const text = await readFile(file, 'utf8').catch(() => {
    throw new ImportFileError(`${file}: no such file`)
  })
  const { years, read, faults } = readCalendarFile(text, file)
  const isWhole = faults.length === 0
  const warnings: string[] = []
  if (isWhole) {
    await db.transaction(async (tx) => {
      await makeSureOf(tx, calendar)
      await storeCalendarYears(tx, calendar, years, file)
    })
    const { looked, moved } = await moveDueTimes(db, calendar, onProgress)
    warnings.push(`the due times of ${moved} of ${looked} open incidents moved`)
    const gaps = await db.query<{ calendar: string; year: number }>(
      'select g.calendar, g.year from private.calendar_gaps(now()) g',
    )
    for (const gap of gaps)
      warnings.push(`the calendar ${gap.calendar} has no year ${gap.year} yet`)
  }
  return {
    kind: 'calendar',
    file,
    startedAt,
    finishedAt: new Date().toISOString(),
    read,
    stored: isWhole ? read : 0,
    updated: 0,
    unchanged: 0,
    rejected: isWhole ? 0 : read,
    byLevel: {},
    reasons: countReasons(faults),
    items: faults,
    warnings,
    brokenOff: null,
  }
}
