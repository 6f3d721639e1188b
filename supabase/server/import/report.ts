import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf, ServerError } from '../base/errors.ts'

export interface ReportItem {
  /** CSV line, or number of the feature or entry, from 1; null for the whole file. */
  at: number | null
  id: string | null
  field: string | null
  reason: string
  detail: string | null
}

/** Incidents, unless broken off: read = stored + updated + unchanged + rejected. */
export interface ImportReport {
  kind: 'areas' | 'incidents' | 'calendar'
  file: string
  startedAt: string
  finishedAt: string
  read: number
  stored: number
  updated: number
  unchanged: number
  rejected: number
  /** By the level of their deepest area. */
  byLevel: Record<string, number>
  /** A row with two faults counts under both. */
  reasons: Record<string, number>
  items: ReportItem[]
  warnings: string[]
  /** Why it ended early and what is uncertain. */
  brokenOff: string | null
}

/** The JSON lists all. */
const listedInFile = 200

const explanations: Record<string, string> = {
  no_coordinates: 'has no coordinates',
  bad_coordinates: 'coordinates are not degrees',
  outside_city: 'lies outside the city',
  closed_before_opened: 'closed before it was opened',
  unknown_category: 'category unknown to the mapping or the city',
  duplicate_id: 'the id came before in this file',
  future_date: 'a date in the future',
  bad_date: 'not a date',
  field_too_long: 'a field is too long',
  truncated_row: 'the file breaks off in the middle of the row',
  field_count: 'wrong number of fields',
  bad_quoting: 'text after a closing quote',
  bad_character: 'holds a character that is no text',
  other_level: 'an area of another level has this code',
  holds_areas: 'areas below it are valid',
  changed_content: 'stored before with other content; left as it is (--update replaces it)',
  changed_here: 'stored before and worked on here since; left as it is',
  bad_entry: 'not a day {name, date, isOffDay}',
  other_year: 'a day of another year',
  bad_name: 'the name is no text of at most 200 characters',
  not_a_flag: 'isOffDay is neither true nor false',
  duplicate_day: 'the day came before in this file',
  refused_by_database: 'refused by the database',
}

const placeWords = { areas: 'feature', incidents: 'line', calendar: 'entry' }

function itemLine(kind: ImportReport['kind'], item: ReportItem): string {
  const where = item.at === null ? 'file' : `${placeWords[kind]} ${item.at}`
  const what = [
    item.id && `${kind === 'areas' ? 'code' : 'id'} ${item.id}`,
    item.field && `field ${item.field}`,
  ]
  const detail = item.detail ? ` (${item.detail})` : ''
  return `  ${[where, ...what.filter(Boolean)].join(', ')}: ${item.reason}${detail}`
}

export function reportText(report: ImportReport, listed = listedInFile): string {
  const lines = [
    `Import of ${report.kind} from ${report.file}`,
    `  read ${report.read}, stored ${report.stored}, updated ${report.updated}, unchanged ${report.unchanged}, rejected ${report.rejected}`,
  ]
  if (report.brokenOff !== null) lines.push(`  broke off: ${report.brokenOff}`)
  const levels = Object.entries(report.byLevel).map(([level, count]) => `${level} ${count}`)
  if (levels.length > 0) lines.push(`  placed in: ${levels.join(', ')}`)
  for (const [reason, count] of Object.entries(report.reasons).toSorted(([, a], [, b]) => b - a)) {
    lines.push(`  ${count} × ${reason}${explanations[reason] ? `: ${explanations[reason]}` : ''}`)
  }
  for (const warning of report.warnings) lines.push(`  note: ${warning}`)
  if (report.items.length > 0) {
    lines.push('', 'Not stored:')
    lines.push(...report.items.slice(0, listed).map((item) => itemLine(report.kind, item)))
    const more = report.items.length - listed
    if (more > 0) lines.push(`  … and ${more} more`)
  }
  return `${lines.join('\n')}\n`
}

/** For an import that failed before it counted anything. */
export function emptyReport(
  kind: ImportReport['kind'],
  file: string,
  startedAt: string,
  brokenOff: string,
): ImportReport {
  const counts = { read: 0, stored: 0, updated: 0, unchanged: 0, rejected: 0 }
  const lists = { byLevel: {}, reasons: {}, items: [], warnings: [] }
  const finishedAt = new Date().toISOString()
  return { kind, file, startedAt, finishedAt, ...counts, ...lists, brokenOff }
}

export interface ReportFiles {
  paths: readonly [json: string, text: string]
  write(report: ImportReport): Promise<void>
}

/**
 * Opens the files before the import, so that nothing is stored without a report.
 * @throws ServerError when they cannot be written.
 */
export async function openReport(base: string): Promise<ReportFiles> {
  const paths = [`${base}.json`, `${base}.txt`] as const
  try {
    await mkdir(dirname(base), { recursive: true, mode: 0o700 })
    const [json, text] = await Promise.all(paths.map((path) => open(path, 'w')))
    return {
      paths,
      async write(report) {
        await json!.writeFile(`${JSON.stringify(report, null, 2)}\n`)
        await text!.writeFile(reportText(report))
        await Promise.all([json!.close(), text!.close()])
      },
    }
  } catch (error) {
    throw new ServerError(`The report ${base} cannot be written: ${messageOf(error)}.`)
  }
}

export function countReasons(items: readonly ReportItem[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { reason } of items) counts[reason] = (counts[reason] ?? 0) + 1
  return counts
}
