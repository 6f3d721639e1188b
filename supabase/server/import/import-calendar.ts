import { readFile } from 'node:fs/promises'
import type { Database } from '../base/database-types.ts'
import { calendarGaps } from './calendar-gaps.ts'
import { readCalendarFile } from './calendar-file.ts'
import { readMinute, readWeekdays } from './controls.ts'
import { countReasons, noDoubts } from './report.ts'
import type { ImportReport } from './report.ts'
import { shippedCalendar } from './shipped-calendars.ts'
import { copyCalendar, storeCalendar, storeCalendarYears, storeHours } from './store-calendar.ts'
import type { CalendarDefinition } from './store-calendar.ts'
import { ImportFileError } from './text-source.ts'

export interface CalendarImportOptions {
  file: string
  /** Code of the calendar. A shipped one is made where the city has no default yet. */
  calendar?: string
  /** The calendar of this area, made from the nearest one above where it has none. */
  area?: string
  /** Replaces the working hours: `1-5 08:00-12:00 14:00-18:00`. */
  hours?: readonly string[]
  onProgress?: (progress: { looked: number; moved: number }) => void
}

/** @throws ImportFileError when they cannot be read. */
function readHours(text: string): CalendarDefinition['hours'] {
  const [days = '', ...spans] = text.trim().split(/\s+/)
  const weekdays = readWeekdays(days)
  return (spans.length > 0 ? spans : ['']).map((span) => {
    const [from = '', to = ''] = span.split('-')
    const [start, end] = [readMinute(from), readMinute(to)]
    if (weekdays === null || start === null || end === null || start >= end)
      throw new ImportFileError(`--hours "${text}": not like "1-5 08:00-12:00 14:00-18:00"`)
    return { weekdays, from, to }
  })
}

/** Incidents whose due times move in one transaction: a command on one of them waits for it. */
const batchIncidents = 10_000
/** Batches under way at a time. An embedded database takes them in turn. */
const lanes = 2

/** @returns whether it was made: clocks then get another calendar. */
async function makeSureOf(db: Database, code: string): Promise<boolean> {
  const known = await db.query<{ code: string; area: string | null }>(
    'select c.code, c.area_code as area from public.calendars c',
  )
  if (known.some((calendar) => calendar.code === code)) return false
  const shipped = await shippedCalendar(code)
  if (!shipped || known.some(({ area }) => area === null)) {
    const list = known.map((calendar) => calendar.code).join(', ') || 'none'
    throw new ImportFileError(`--calendar ${code}: this city has no such calendar; it has ${list}`)
  }
  await storeCalendar(db, shipped)
  return true
}

/** @returns the code of the area's calendar, and whether it was made. */
async function calendarOfArea(
  db: Database,
  area: string,
  wanted: string | undefined,
): Promise<{ code: string; isNew: boolean }> {
  const [known] = await db.query<{ own: string | null; above: string | null; name: string }>(
    `select (select c.code from public.calendars c where c.area_code = a.code) as own,
       private.calendar_of(a.code) as above, a.name
     from public.areas a where a.code = $1`,
    [area],
  )
  if (!known) throw new ImportFileError(`--area ${area}: there is no such area`)
  if (known.own !== null) {
    if (wanted !== undefined && wanted !== known.own)
      throw new ImportFileError(
        `--calendar ${wanted}: the area ${area} has the calendar ${known.own}`,
      )
    return { code: known.own, isNew: false }
  }
  if (known.above === null) {
    throw new ImportFileError(
      `--area ${area}: the city has no calendar to begin from; import one with --calendar first`,
    )
  }
  const code = wanted ?? `area_${area.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')}`.slice(0, 40)
  if (!/^[a-z0-9_]{1,40}$/.test(code))
    throw new ImportFileError(`--calendar ${code}: small letters, digits and _, at most 40`)
  const [taken] = await db.query('select 1 from public.calendars c where c.code = $1', [code])
  if (taken)
    throw new ImportFileError(`--calendar ${code}: another area has this calendar; name a new one`)
  await copyCalendar(db, known.above, { code, area, name: known.name })
  return { code, isNew: true }
}

/** Moves the due times of open incidents after a change of a calendar, or of all with null. */
export async function moveDueTimes(
  db: Database,
  calendar: string | null,
  onProgress?: CalendarImportOptions['onProgress'],
): Promise<{ looked: number; moved: number }> {
  const bounds = await db.query<{ id: string }>(
    'select b.id from private.clock_batches($1, $2) b (id)',
    [calendar, batchIncidents],
  )
  const ranges = [null, ...bounds.map(({ id }) => id)].map((after, index) => ({
    after,
    until: bounds[index]?.id ?? null,
  }))
  const total = { looked: 0, moved: 0 }
  const work = async (): Promise<void> => {
    for (let range = ranges.shift(); range; range = ranges.shift()) {
      const [row] = await db.query<{ looked: number; moved: number }>(
        'select r.* from private.recompute_clocks($1, $2::text::uuid, $3::text::uuid, clock_timestamp()) r',
        [calendar, range.after, range.until],
      )
      total.looked += row?.looked ?? 0
      total.moved += row?.moved ?? 0
      onProgress?.(total)
    }
  }
  try {
    await Promise.all(Array.from({ length: lanes }, work))
  } finally {
    // after a fault of one lane the other ends, too
    ranges.length = 0
  }
  return total
}

/**
 * Imports years in the format of holiday-cn, all or nothing, and moves the due times of open
 * incidents.
 * @throws ImportFileError when the file or the calendar is unusable; nothing is stored.
 */
export async function importCalendar(
  db: Database,
  { file, calendar, area, hours, onProgress }: CalendarImportOptions,
): Promise<ImportReport> {
  const startedAt = new Date().toISOString()
  const text = await readFile(file, 'utf8').catch(() => {
    throw new ImportFileError(`${file}: no such file`)
  })
  const { years, read, faults } = readCalendarFile(text, file)
  const spans = hours && hours.flatMap(readHours)
  const isWhole = faults.length === 0
  const warnings: string[] = []
  if (isWhole) {
    const { code, isNew } = await db.transaction(async (tx) => {
      const found =
        area === undefined
          ? { code: calendar ?? '', isNew: await makeSureOf(tx, calendar ?? '') }
          : await calendarOfArea(tx, area, calendar)
      if (spans) await storeHours(tx, found.code, spans)
      await storeCalendarYears(tx, found.code, years, file)
      return found
    })
    const { looked, moved } = await moveDueTimes(db, isNew ? null : code, onProgress)
    warnings.push(`the due times of ${moved} of ${looked} open incidents moved`)
    warnings.push(...(await calendarGaps(db, new Date().toISOString())))
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
    doubts: noDoubts,
    warnings,
    brokenOff: null,
  }
}
