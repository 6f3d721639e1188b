import { DatabaseError } from '../base/database-types.ts'
import type { Database } from '../base/database-types.ts'
import { messageOf } from '../base/errors.ts'
import { csvRows } from './csv-file.ts'
import type { CsvRow } from './csv-reader.ts'
import { RowReader } from './incident-row.ts'
import type { ImportRow, RowContext } from './incident-row.ts'
import type { Mapping } from './mapping.ts'
import { countReasons } from './report.ts'
import type { ImportReport, ReportItem } from './report.ts'
import { checkText, ImportFileError } from './text-source.ts'

/** A batch is one transaction and one request. */
const batchRows = 2_000
/** Of JSON, after which a batch is sent early. */
const batchCharacters = 4_000_000

export interface IncidentImportOptions {
  file: string
  mapping: Mapping
  /** Default utf-8. */
  encoding?: string
  /** Replace rows changed at the source, unless people worked on them. */
  update?: boolean
  /** On the city's wall clock. Default 0. */
  moveWeeks?: number
  onProgress?: (state: { read: number; stored: number; rejected: number }) => void
}

interface BatchResult {
  stored: number
  unchanged: number
  updated: number
  byLevel: Record<string, number>
  rejected: {
    line: number
    id: string
    field: string | null
    reason: string
    detail: string | null
  }[]
}

async function contextOf(db: Database, moveWeeks: number): Promise<RowContext> {
  const [city] = await db.query<{ time_zone: string }>('select time_zone from public.city_settings')
  if (!city)
    throw new ImportFileError('there is no city yet: start the server once, or with --demo none')
  const leaves = await db.query<{ code: string }>(
    `select c.code from public.categories c
     where not exists (select 1 from public.categories d where d.parent_code = c.code)`,
  )
  const departments = await db.query<{ code: string }>('select code from public.departments')
  return {
    timeZone: city.time_zone,
    categories: new Set(leaves.map(({ code }) => code)),
    departments: new Set(departments.map(({ code }) => code)),
    now: new Date().toISOString(),
    moveWeeks,
  }
}

/** False for a lost connection. */
const isDataError = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && /^(21|22|23|P0)/.test(error.code)

class Tally {
  read = 0
  /** Lines sent but not yet answered. */
  underWay: readonly [first: number, last: number] | null = null
  stored = 0
  updated = 0
  unchanged = 0
  readonly rejectedLines = new Set<number>()
  readonly items: ReportItem[] = []
  readonly byLevel: Record<string, number> = {}

  reject(
    line: number,
    id: string | null,
    field: string | null,
    reason: string,
    detail: string | null,
  ): void {
    this.rejectedLines.add(line)
    this.items.push({ at: line, id: id || null, field, reason, detail })
  }

  add(result: BatchResult): void {
    this.stored += result.stored
    this.updated += result.updated
    this.unchanged += result.unchanged
    for (const [level, count] of Object.entries(result.byLevel)) {
      this.byLevel[level] = (this.byLevel[level] ?? 0) + count
    }
    for (const { line, id, field, reason, detail } of result.rejected) {
      this.reject(line, id, field, reason, detail)
    }
  }
}

/** Halves a refused batch until only the faulty row is rejected. */
async function sendBatch(
  db: Database,
  rows: ImportRow[],
  options: IncidentImportOptions,
  tally: Tally,
): Promise<void> {
  const first = rows[0]
  if (!first) return
  tally.underWay = [first.line, rows.at(-1)?.line ?? first.line]
  try {
    const [answer] = await db.query<{ result: BatchResult }>(
      'select private.import_incidents($1, $2::text::jsonb, $3) as result',
      [options.mapping.source, JSON.stringify(rows), options.update ?? false],
    )
    if (!answer) throw new Error('the database gave no answer to a batch')
    tally.add(answer.result)
    tally.underWay = null
  } catch (error) {
    if (!isDataError(error)) throw error
    tally.underWay = null
    if (rows.length === 1) {
      tally.reject(
        first.line,
        first.id,
        null,
        'refused_by_database',
        `${error.code} ${error.message}`,
      )
      return
    }
    const middle = rows.length >> 1
    await sendBatch(db, rows.slice(0, middle), options, tally)
    await sendBatch(db, rows.slice(middle), options, tally)
  }
}

function headerReader(row: CsvRow, options: IncidentImportOptions, context: RowContext): RowReader {
  if (row.fault) {
    throw new ImportFileError(
      `${options.file}, line ${row.line}: the header is broken: ${row.fault.code} (${row.fault.detail})`,
    )
  }
  try {
    return new RowReader(row.fields, options.mapping, context)
  } catch (error) {
    throw new ImportFileError(`${options.file}, line ${row.line}: ${(error as Error).message}`)
  }
}

async function* soundRows(
  options: IncidentImportOptions,
  encoding: string,
  context: RowContext,
  tally: Tally,
): AsyncGenerator<ImportRow> {
  const lineOfId = new Map<string, number>()
  const idColumn = options.mapping.columns.id
  let reader: RowReader | null = null
  for await (const row of csvRows(options.file, encoding, options.mapping.delimiter)) {
    if (!reader) {
      reader = headerReader(row, options, context)
      continue
    }
    tally.read += 1
    if (row.fault) {
      tally.reject(row.line, null, null, row.fault.code, row.fault.detail)
      continue
    }
    const result = reader.read(row.fields, row.line)
    if (result.row === null) {
      for (const { field, reason, detail } of result.faults) {
        tally.reject(row.line, result.id, field, reason, detail)
      }
      continue
    }
    const { id } = result.row
    const before = lineOfId.get(id)
    if (before === undefined) {
      lineOfId.set(id, row.line)
      yield result.row
    } else tally.reject(row.line, id, idColumn, 'duplicate_id', `first on line ${before}`)
  }
  if (!reader) throw new ImportFileError(`${options.file}: the file has no header row`)
}

/** Batches are atomic, so only the one under way is uncertain. */
function breakOffText(error: unknown, { underWay }: Tally): string {
  const unknown = underWay
    ? `lines ${underWay[0]} to ${underWay[1]} were under way and may be stored or not, nothing after them is`
    : 'what is not counted here is not stored'
  return `${messageOf(error)} (${unknown}). Run the import again: what is stored is left alone.`
}

/**
 * Imports a CSV (plain or `.gz`), one transaction per batch. Can be repeated: stored rows count as
 * unchanged. The report names every row not stored, and why the import broke off.
 * @throws ImportFileError when the file or mapping is unusable; nothing is stored.
 */
export async function importIncidents(
  db: Database,
  options: IncidentImportOptions,
): Promise<ImportReport> {
  const startedAt = new Date().toISOString()
  const encoding = (options.encoding ?? 'utf-8').toLowerCase()
  await checkText(options.file, encoding)
  const context = await contextOf(db, options.moveWeeks ?? 0)
  const tally = new Tally()
  let batch: ImportRow[] = []
  let characters = 0
  let brokenOff: string | null = null
  const flush = async (): Promise<void> => {
    await sendBatch(db, batch, options, tally)
    batch = []
    characters = 0
    options.onProgress?.({
      read: tally.read,
      stored: tally.stored,
      rejected: tally.rejectedLines.size,
    })
  }
  try {
    for await (const row of soundRows(options, encoding, context, tally)) {
      batch.push(row)
      characters += row.description.length + row.address.length + 400
      if (batch.length >= batchRows || characters >= batchCharacters) await flush()
    }
    await flush()
  } catch (error) {
    if (tally.read === 0) throw error
    brokenOff = breakOffText(error, tally)
  }

  return {
    kind: 'incidents',
    file: options.file,
    startedAt,
    finishedAt: new Date().toISOString(),
    read: tally.read,
    stored: tally.stored,
    updated: tally.updated,
    unchanged: tally.unchanged,
    rejected: tally.rejectedLines.size,
    byLevel: tally.byLevel,
    reasons: countReasons(tally.items),
    items: tally.items.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0)),
    warnings: tally.stored === 0 && tally.read === 0 ? ['the file holds a header and no rows'] : [],
    brokenOff,
  }
}
