import { DatabaseError } from '../base/database-types.ts'
import type { Database } from '../base/database-types.ts'
import { messageOf, ServerError } from '../base/errors.ts'
import { codesOf } from './area-row.ts'
import type { AreaImportOptions, AreaRow } from './area-row.ts'

export interface AreasResult {
  stored: number
  updated: number
  unchanged: number
  replaced: string | null
  restamped: number
  warnings: { reason: string; detail: string }[]
  faults: AreaFinding[]
  /** Stored all the same. */
  doubts: AreaFinding[]
}

export interface AreaFinding {
  feature: number | null
  code: string
  field: string
  reason: string
  detail: string | null
}

export interface ClosingResult {
  closed: string[]
  reopened: number
  restamped: number
  people: number
  holding: string[]
}

/** Rolls back: missing areas still hold valid ones. */
class StillHolding extends Error {
  readonly codes: readonly string[]
  constructor(codes: readonly string[]) {
    super('areas below')
    this.codes = codes
  }
}

/** As `private.import_areas` takes them. */
const optionsOf = (options: AreaImportOptions): Record<string, boolean> => ({
  parentByOverlap: options.parentByOverlap ?? false,
  allowOverlap: options.allowOverlap ?? false,
  replaceBox: options.replaceBox ?? false,
  dissolve: options.dissolve ?? false,
  closeMissing: options.closeMissing ?? false,
})

const nothing = { stored: 0, updated: 0, unchanged: 0, replaced: null, restamped: 0 }

/** Rolls back: it was only a check. */
class OnlyChecked extends Error {
  readonly answer: Awaited<ReturnType<typeof store>>
  constructor(answer: Awaited<ReturnType<typeof store>>) {
    super('only checked')
    this.answer = answer
  }
}

/** False for a lost connection and for a fault of the program. */
const isDataError = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && /^(21|22|23|XX|P0)/.test(error.code)

/**
 * The features that the database cannot take, found by halves, with its own words. Empty when each half
 * alone is fine.
 */
async function refusedRows(
  db: Database,
  rows: readonly AreaRow[],
  options: AreaImportOptions,
): Promise<AreaFinding[]> {
  try {
    await store(db, rows, true, options)
    return []
  } catch (error) {
    if (!isDataError(error)) throw error
    const [first] = rows
    if (rows.length === 1 && first) {
      const { feature, code } = first
      const detail = error.message.slice(0, 300)
      return [{ feature, code, field: 'geometry', reason: 'refused_by_database', detail }]
    }
    const middle = rows.length >> 1
    return [
      ...(await refusedRows(db, rows.slice(0, middle), options)),
      ...(await refusedRows(db, rows.slice(middle), options)),
    ]
  }
}

async function store(
  db: Database,
  rows: readonly AreaRow[],
  isBroken: boolean,
  options: AreaImportOptions,
): Promise<{ result: AreasResult; closing: ClosingResult | null }> {
  const [answer] = await db.query<{ result: AreasResult }>(
    `select private.import_areas($1, $2::text::jsonb, $3::text::jsonb, $4) as result`,
    [options.level, JSON.stringify(rows), JSON.stringify(optionsOf(options)), isBroken],
  )
  if (!answer) throw new Error('the database gave no answer to the areas')
  const { result } = answer
  if (!options.closeMissing || isBroken || result.faults.length > 0) {
    return { result, closing: null }
  }
  const [closed] = await db.query<{ closing: ClosingResult }>(
    `select private.close_missing_areas($1,
       array(select jsonb_array_elements_text($2::text::jsonb))) as closing`,
    [options.level, JSON.stringify(codesOf(rows))],
  )
  if (!closed) throw new Error('the database gave no answer to the missing areas')
  if (closed.closing.holding.length > 0) throw new StillHolding(closed.closing.holding)
  return { result, closing: closed.closing }
}

/** All or nothing. After a lost answer, both are possible. */
export async function storeWhole(
  db: Database,
  rows: readonly AreaRow[],
  isBroken: boolean,
  options: AreaImportOptions,
): ReturnType<typeof store> {
  const once = (): ReturnType<typeof store> =>
    options.closeMissing || options.checkOnly
      ? db.transaction(async (tx) => {
          const answer = await store(tx, rows, isBroken, options)
          if (options.checkOnly) throw new OnlyChecked(answer)
          return answer
        })
      : store(db, rows, isBroken, options)
  try {
    return await once()
  } catch (error) {
    if (error instanceof OnlyChecked) return error.answer
    if (error instanceof StillHolding) {
      const faults = error.codes.map((code) => ({
        feature: null,
        code,
        field: 'code',
        reason: 'holds_areas',
        detail: 'not in the file, but areas below it are valid',
      }))
      return { result: { ...nothing, warnings: [], doubts: [], faults }, closing: null }
    }
    if (isDataError(error)) {
      const found = await refusedRows(db, rows, options)
      const whole: AreaFinding = {
        feature: null,
        code: '',
        field: 'geometry',
        reason: 'refused_by_database',
        detail: error.message.slice(0, 300),
      }
      const faults = found.length > 0 ? found : [whole]
      return { result: { ...nothing, warnings: [], doubts: [], faults }, closing: null }
    }
    if (error instanceof DatabaseError) throw error
    throw new ServerError(
      `${messageOf(error)} The areas may be stored, all of them or none: run the import again.`,
    )
  }
}
