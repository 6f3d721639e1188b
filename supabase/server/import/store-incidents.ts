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
  readonly result: BatchResult
  constructor(result: BatchResult) {
    super('only checked')
    this.result = result
  }
}

async function store(db: Database, body: string, options: StoreOptions): Promise<BatchResult> {
  const [answer] = await db.query<{ result: BatchResult }>(
    'select private.import_incidents($1, $2::text::jsonb, $3) as result',
    [options.mapping.source, body, options.update ?? false],
  )
  if (!answer) throw new Error('the database gave no answer to a batch')
  return answer.result
}

async function check(db: Database, body: string, options: StoreOptions): Promise<BatchResult> {
  try {
    return await db.transaction(async (tx) => {
      throw new OnlyChecked(await store(tx, body, options))
    })
  } catch (error) {
    if (error instanceof OnlyChecked) return error.result
    throw error
  }
}

/** Rows as the database takes them. */
export const bodyOf = (rows: ImportRow[]): string => JSON.stringify(rows)

/** Halves a refused batch until only the faulty row is rejected. @param body the rows by `bodyOf`. */
export async function sendBatch(
  db: Database,
  rows: ImportRow[],
  body: string,
  options: StoreOptions,
  tally: Tally,
): Promise<void> {
  const first = rows[0]
  if (!first) return
  tally.underWay = [first.line, rows.at(-1)?.line ?? first.line]
  try {
    tally.add(await (options.checkOnly ? check : store)(db, body, options))
    tally.underWay = null
  } catch (error) {
    if (!isDataError(error)) throw error
    tally.underWay = null
    if (rows.length === 1) {
      const detail = `${error.code} ${error.message}`
      tally.reject(first.line, first.id, [{ field: null, reason: 'refused_by_database', detail }])
      return
    }
    const middle = rows.length >> 1
    for (const half of [rows.slice(0, middle), rows.slice(middle)])
      await sendBatch(db, half, bodyOf(half), options, tally)
  }
}
