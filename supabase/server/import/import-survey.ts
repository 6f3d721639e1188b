import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { SourceRow, SurveyFault } from '../../../src/domain/survey/fault.ts'
import { readSurveyMapping } from '../../../src/domain/survey/mapping.ts'
import type { SurveyMapping } from '../../../src/domain/survey/mapping.ts'
import { readSurvey } from '../../../src/domain/survey/survey-payload.ts'
import type { SurveyPayload } from '../../../src/domain/survey/survey-payload.ts'
import type { Database } from '../base/database-types.ts'
import { openRows } from './read/row-file.ts'
import { tableReport } from './report.ts'
import type { ImportReport, ReportItem } from './report.ts'
import { ImportFileError } from './text-source.ts'

export interface SurveyImportOptions {
  file: string
  mapping: SurveyMapping
  encoding?: string
  /** Sheet of a workbook. */
  layer?: string
  /** Stores nothing. */
  checkOnly?: boolean
}

const mostRows = 200_000

/** @throws ImportFileError naming each fault with its place */
export async function readSurveyMappingFile(path: string): Promise<SurveyMapping> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new ImportFileError(`${path}: no such file`)
  })
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new ImportFileError(`${path}: not JSON (${(error as Error).message})`)
  }
  const read = readSurveyMapping(json)
  if ('faults' in read) throw new ImportFileError(`${path}: ${read.faults.join('; ')}`)
  return read.mapping
}

/** Names of the columns by which the header is known. */
const neededColumns = ({ waves, answers }: SurveyMapping): string[] =>
  waves
    ? [waves.area, waves.period, waves.item, waves.n]
    : [answers!.area, answers!.period, ...answers!.items.map(({ column }) => column)]

async function rowsOf({ file, mapping, encoding, layer }: SurveyImportOptions) {
  const columns = neededColumns(mapping)
  const table = await openRows(file, { encoding, layer, columns, lon: '', lat: '' })
  const header = table.header.fields.map((name) => name.replace(/^\uFEFF/, '').trim())
  const rows: SourceRow[] = []
  const faults: ReportItem[] = []
  let read = 0
  for await (const { line, fields, fault } of table.rows()) {
    if (fields.every((field) => field.trim() === '')) continue
    read += 1
    if (read > mostRows) throw new ImportFileError(`${file}: more than ${mostRows} rows`)
    if (fault)
      faults.push({ at: line, id: null, field: null, reason: fault.code, detail: fault.detail })
    else
      rows.push({
        line,
        cells: Object.fromEntries(header.map((name, at) => [name, fields[at] ?? ''])),
      })
  }
  if (read === 0) throw new ImportFileError(`${file}: a header and no rows · 只有表头，没有内容`)
  return { header, rows, faults, read, notes: table.notes }
}

const itemOf = ({ line, code, column, value }: SurveyFault): ReportItem => ({
  ...{ at: line, id: null, field: column, reason: code },
  detail: value === '' ? null : value.slice(0, 60),
})

class OnlyChecked extends Error {}

const storing = 'select private.store_survey(null, $1::text::jsonb, $2, now())'

/** Stores all or nothing. @returns faults that the database alone can see */
async function store(
  db: Database,
  payload: SurveyPayload,
  checkOnly: boolean,
): Promise<ReportItem[]> {
  try {
    await db.transaction(async (tx) => {
      await tx.query(storing, [JSON.stringify(payload), false])
      if (checkOnly) throw new OnlyChecked()
    })
    return []
  } catch (error) {
    if (error instanceof OnlyChecked) return []
    const items = refusedItems(error)
    if (!items) throw error
    return items
  }
}

/** Of a rejection `{code, field, detail}`; null for any other error. */
function refusedItems(error: unknown): ReportItem[] | null {
  const { code, detail } = error as { code?: string; detail?: string }
  if (code !== 'WG001' || !detail) return null
  const rejection = JSON.parse(detail) as { code: string; field?: string; detail?: string }
  if (rejection.code !== 'invalid_rows') {
    const { code: reason, field = null, detail: more = null } = rejection
    return [{ at: null, id: null, field, reason, detail: more }]
  }
  return (rejection.detail ?? '').split('; ').map((fault) => {
    const [line, reason = ''] = fault.split(' ')
    return { at: Number(line), id: null, field: null, reason, detail: null }
  })
}

/**
 * Imports waves of a survey, aggregated or as single answers, whole or not at all. A wave that is stored
 * already is refused.
 * @throws ImportFileError when the file is unusable; nothing is stored
 */
export async function importSurvey(
  db: Database,
  options: SurveyImportOptions,
): Promise<ImportReport> {
  const startedAt = new Date().toISOString()
  const { file, mapping, checkOnly = false } = options
  const { header, rows, faults, read, notes } = await rowsOf(options)
  const codes = new Set(
    (await db.query<{ code: string }>('select a.code from public.areas a')).map(({ code }) => code),
  )
  const found = readSurvey(basename(file).slice(0, 200), header, rows, mapping, (code) =>
    codes.has(code),
  )
  const items = [...faults, ...('faults' in found ? found.faults.map(itemOf) : [])]
  if (items.length === 0 && 'payload' in found)
    items.push(...(await store(db, found.payload, checkOnly)))
  const counts = { stored: read, updated: 0 }
  return tableReport('survey', startedAt, { read }, { file, checkOnly }, items, notes, counts)
}

/** Stores a generated survey with its mark. */
export const storeGeneratedSurvey = async (db: Database, payload: SurveyPayload): Promise<void> => {
  await db.query(storing, [JSON.stringify(payload), true])
}
