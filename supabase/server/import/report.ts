import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf, ServerError } from '../base/errors.ts'
import { reasons } from './reasons.ts'

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
  kind: 'areas' | 'incidents' | 'calendar' | 'standard' | 'controls' | 'survey'
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
  /** CSV with all of them, where `items` names fewer than `reasons` counts. */
  rejectedFile?: string
  /** Stored all the same. `items` may name fewer than are counted. */
  doubts: { counts: Record<string, number>; items: ReportItem[] }
  warnings: string[]
  /** Why it ended early and what is uncertain. */
  brokenOff: string | null
}

export const onlyChecked = 'only checked, nothing was stored · 仅检查，未写入'

/** The JSON lists all. */
const listedInFile = 200

const placeWords = {
  areas: 'feature',
  incidents: 'line',
  calendar: 'entry',
  standard: 'line',
  controls: 'line',
  survey: 'line',
}

const isTable = (kind: ImportReport['kind']): boolean =>
  kind === 'standard' || kind === 'controls' || kind === 'survey'

function itemLine(kind: ImportReport['kind'], item: ReportItem): string {
  const where = item.at === null ? 'file' : `${placeWords[kind]} ${item.at}`
  const what = [
    item.id && `${kind === 'incidents' || kind === 'calendar' ? 'id' : 'code'} ${item.id}`,
    item.field && `${isTable(kind) ? 'column' : 'field'} ${item.field}`,
  ]
  const detail = item.detail ? ` (${item.detail})` : ''
  // offices send these reports on: each line says it in both languages
  const words = isTable(kind) && reasons[item.reason]
  const reason = words ? `${words.en} · ${words.zh}` : item.reason
  return `  ${[where, ...what.filter(Boolean)].join(', ')}: ${reason}${detail}`
}

export function reportText(report: ImportReport, listed = listedInFile): string {
  const isCheck = report.warnings.includes(onlyChecked)
  const lines = [
    `${isCheck ? 'Check' : 'Import'} of ${report.kind} from ${report.file}`,
    `  read ${report.read}, stored ${report.stored}, updated ${report.updated}, unchanged ${report.unchanged}, rejected ${report.rejected}`,
  ]
  if (report.brokenOff !== null) lines.push(`  broke off: ${report.brokenOff}`)
  const levels = Object.entries(report.byLevel).map(([level, count]) => `${level} ${count}`)
  if (levels.length > 0) lines.push(`  placed in: ${levels.join(', ')}`)
  for (const [reason, count] of Object.entries(report.reasons).toSorted(([, a], [, b]) => b - a)) {
    const words = reasons[reason]
    lines.push(`  ${count} × ${reason}${words ? `: ${words.en} · ${words.zh}` : ''}`)
  }
  for (const [reason, count] of Object.entries(report.doubts.counts)) {
    const words = reasons[reason]
    lines.push(`  doubt: ${count} × ${reason}${words ? `: ${words.en} · ${words.zh}` : ''}`)
  }
  for (const warning of report.warnings) lines.push(`  note: ${warning}`)
  if (report.items.length > 0) {
    lines.push('', 'Not stored:')
    lines.push(...report.items.slice(0, listed).map((item) => itemLine(report.kind, item)))
    const all = Object.values(report.reasons).reduce((sum, count) => sum + count, 0)
    const more = all - Math.min(listed, report.items.length)
    if (more > 0) lines.push(`  … and ${more} more`)
    if (report.rejectedFile) lines.push(`  all of them: ${report.rejectedFile}`)
  }
  const { items: doubtful } = report.doubts
  if (doubtful.length > 0) {
    lines.push('', isCheck ? 'With doubts:' : 'Stored, with doubts:')
    lines.push(...doubtful.slice(0, listed).map((item) => itemLine(report.kind, item)))
    const more = doubtful.length - listed
    if (more > 0) lines.push(`  … and ${more} more`)
  }
  return `${lines.join('\n')}\n`
}

export const noDoubts: ImportReport['doubts'] = { counts: {}, items: [] }

/** For an import that failed before it counted anything. */
export function emptyReport(
  kind: ImportReport['kind'],
  file: string,
  startedAt: string,
  brokenOff: string,
): ImportReport {
  const counts = { read: 0, stored: 0, updated: 0, unchanged: 0, rejected: 0 }
  const lists = { byLevel: {}, reasons: {}, items: [], doubts: noDoubts, warnings: [] }
  const finishedAt = new Date().toISOString()
  return { kind, file, startedAt, finishedAt, ...counts, ...lists, brokenOff }
}

export interface ReportFiles {
  paths: readonly [json: string, text: string]
  /** Where a long list of rejected rows goes. */
  rejected: string
  write(report: ImportReport): Promise<void>
}

/**
 * Opens the files before the import, so that nothing is stored without a report.
 * @param shown replaces the file's path by the name that people know.
 * @throws ServerError when they cannot be written.
 */
export async function openReport(
  base: string,
  shown: (text: string) => string = (text) => text,
): Promise<ReportFiles> {
  const paths = [`${base}.json`, `${base}.txt`] as const
  try {
    await mkdir(dirname(base), { recursive: true, mode: 0o700 })
    const [json, text] = await Promise.all(paths.map((path) => open(path, 'w')))
    return {
      paths,
      rejected: `${base}.rejected.csv`,
      async write(report) {
        await json!.writeFile(`${shown(JSON.stringify(report, null, 2))}\n`)
        await text!.writeFile(shown(reportText(report)))
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

/** The report of a table that is stored whole or not at all. */
export function tableReport(
  kind: ImportReport['kind'],
  startedAt: string,
  { read }: { read: number },
  { file, checkOnly }: { file: string; checkOnly?: boolean },
  faults: readonly ReportItem[],
  warnings: readonly string[],
  { stored, updated }: { stored: number; updated: number },
): ImportReport {
  const isSound = faults.length === 0
  return {
    kind,
    file,
    startedAt,
    finishedAt: new Date().toISOString(),
    read,
    stored: isSound ? stored : 0,
    updated: isSound ? updated : 0,
    unchanged: isSound ? read - stored - updated : 0,
    rejected: isSound ? 0 : read,
    byLevel: {},
    reasons: countReasons(faults),
    items: faults.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0)),
    doubts: noDoubts,
    warnings: [...(checkOnly && isSound ? [onlyChecked] : []), ...warnings],
    brokenOff: null,
  }
}
