import { DatabaseError } from '../base/database-types.ts'
import type { Database } from '../base/database-types.ts'
import type { ImportRow } from './incident-row.ts'
import type { BatchResult, Tally } from './tally.ts'

export interface StoreOptions {
  mapping: { source: string }
  update?: boolean
  checkOnly?: boolean
}

/** False for a lost connection. */
const isDataError = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && /^(21|22|23|P0)/.test(error.code)

/** Rolls back: it was only a check. */
class OnlyChecked extends Error {
  readonly stored: Stored
  constructor(stored: Stored) {
    super('only checked')
    this.stored = stored
  }
}

/** With the milliseconds that the database took, without those for which it did other people's work. */
interface Stored {
  result: BatchResult
  milliseconds: number
}

async function store(db: Database, body: string, options: StoreOptions): Promise<Stored> {
  const [answer] = await db.query<Stored>(
    `select private.import_incidents($1, $2::text::json, $3) as result,
       1000 * extract(epoch from clock_timestamp() - statement_timestamp())::float8 as milliseconds`,
    [options.mapping.source, body, options.update ?? false],
  )
  if (!answer) throw new Error('the database gave no answer to a batch')
  return answer
}

async function check(db: Database, body: string, options: StoreOptions): Promise<Stored> {
  try {
    return await db.transaction(async (tx) => {
      throw new OnlyChecked(await store(tx, body, options))
    })
  } catch (error) {
    if (error instanceof OnlyChecked) return error.stored
    throw error
  }
}

/** Rows that are stored in one transaction. */
export interface Batch {
  /** JSON as the database takes it. The rows themselves need not be held while they wait. */
  body: string
  rows: number
  /** Of the first and the last row. */
  lines: readonly [number, number]
}

type BatchRow = Partial<ImportRow> & Pick<ImportRow, 'line' | 'id'>

const batchOf = (rows: readonly BatchRow[]): Batch => ({
  body: JSON.stringify(rows),
  rows: rows.length,
  lines: [rows[0]?.line ?? 0, rows.at(-1)?.line ?? 0],
})

/** Leaves out fields that say nothing: those take as long to be read as others. */
export const newBatch = (rows: readonly ImportRow[]): Batch =>
  batchOf(
    rows.map((row) => ({
      line: row.line,
      id: row.id,
      hash: row.hash,
      category: row.category,
      department: row.department ?? undefined,
      stage: row.stage,
      onHold: row.onHold || undefined,
      severity: row.severity ?? undefined,
      lon: row.lon,
      lat: row.lat,
      description: row.description || undefined,
      address: row.address || undefined,
      reportedAt: row.reportedAt,
      closedAt: row.closedAt ?? undefined,
      channel: row.channel ?? undefined,
      doubts: row.doubts.length > 0 ? row.doubts : undefined,
    })),
  )

/**
 * Halves a refused batch until only the faulty row is rejected.
 * @returns how long the database took, in milliseconds; null for a batch that it refused.
 */
export async function sendBatch(
  db: Database,
  batch: Batch,
  options: StoreOptions,
  tally: Tally,
): Promise<number | null> {
  const { body, lines } = batch
  if (batch.rows === 0) return null
  tally.underWay.add(lines)
  try {
    const { result, milliseconds } = await (options.checkOnly ? check : store)(db, body, options)
    tally.add(result)
    tally.underWay.delete(lines)
    return milliseconds
  } catch (error) {
    if (!isDataError(error)) throw error
    tally.underWay.delete(lines)
    const rows = JSON.parse(body) as BatchRow[]
    const [first] = rows
    if (first && rows.length === 1) {
      const detail = `${error.code} ${error.message}`
      tally.reject(first.line, first.id, [{ field: null, reason: 'refused_by_database', detail }])
      return null
    }
    const middle = rows.length >> 1
    for (const half of [rows.slice(0, middle), rows.slice(middle)])
      await sendBatch(db, batchOf(half), options, tally)
    return null
  }
}
