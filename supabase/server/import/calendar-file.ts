import { jsonFaultOffset } from './json-fault.ts'
import type { ReportItem } from './report.ts'
import { ImportFileError } from './text-source.ts'

export interface CalendarDay {
  /** ISO 8601. */
  date: string
  name: string
  isOffDay: boolean
}

/** A year in the format of holiday-cn (https://github.com/NateScarlet/holiday-cn). */
export interface CalendarYear {
  year: number
  /** Addresses of the notices. */
  papers: string[]
  days: CalendarDay[]
}

export interface CalendarFile {
  years: CalendarYear[]
  /** Entries in the file. */
  read: number
  /** By the number of the entry in the whole file, from 1. */
  faults: ReportItem[]
}

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return /^\d{4}-\d\d-\d\d$/.test(text) && new Date(time || 0).toISOString().startsWith(text)
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    const line = text.slice(0, jsonFaultOffset(text)).split('\n').length
    throw new ImportFileError(`${file}, line ${line}: not JSON`)
  }
}

/** Why a day cannot be read: field, reason and detail. */
function dayFault(day: unknown, year: number): [string | null, string, string | null] | null {
  if (!isObject(day)) return [null, 'bad_entry', null]
  const { date, name, isOffDay } = day
  if (typeof date !== 'string' || !isDate(date)) return ['date', 'bad_date', String(date)]
  // A notice may name the last days of the year before.
  if (Math.abs(Number(date.slice(0, 4)) - year) > 1) return ['date', 'other_year', date]
  if (typeof name !== 'string' || name.length > 200) return ['name', 'bad_name', null]
  if (typeof isOffDay !== 'boolean') return ['isOffDay', 'not_a_flag', String(isOffDay)]
  return null
}

/**
 * Reads one year, or a list of years.
 * @throws ImportFileError naming the line, or the year, that cannot be read.
 */
export function readCalendarFile(text: string, file: string): CalendarFile {
  const content = parse(text, file)
  const result: CalendarFile = { years: [], read: 0, faults: [] }
  const seen = new Set<string>()
  const list: unknown[] = Array.isArray(content) ? content : [content]
  for (const [index, item] of list.entries()) {
    const where = Array.isArray(content) ? `${file}, year ${index + 1} of the list` : file
    if (!isObject(item) || !Number.isInteger(item['year']) || !Array.isArray(item['days']))
      throw new ImportFileError(`${where}: not {year, papers, days} as holiday-cn writes it`)
    const year = item['year'] as number
    if (year < 1970 || year > 2200) throw new ImportFileError(`${where}: the year ${year}`)
    const papers: unknown[] = Array.isArray(item['papers']) ? item['papers'] : []
    // A notice that is not out yet has an entry without days.
    if (item['days'].length === 0) throw new ImportFileError(`${where}: ${year} has no days`)
    const days: CalendarDay[] = []
    for (const day of item['days']) {
      result.read += 1
      const known = isObject(day) ? String(day['date']) : ''
      const fault =
        dayFault(day, year) ??
        (seen.has(known) ? (['date', 'duplicate_day', known] as const) : null)
      seen.add(known)
      if (fault) {
        const [field, reason, detail] = fault
        result.faults.push({ at: result.read, id: null, field, reason, detail })
      } else {
        const { date, name, isOffDay } = day as CalendarDay
        days.push({ date, name, isOffDay })
      }
    }
    result.years.push({ year, papers: papers.filter((paper) => typeof paper === 'string'), days })
  }
  return result
}
