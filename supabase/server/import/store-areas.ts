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
  faults: {
    feature: number | null
    code: string
    field: string
    reason: string
    detail: string | null
  }[]
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

async function store(
  db: Database,
  rows: readonly AreaRow[],
  isBroken: boolean,
  options: AreaImportOptions,
): Promise<{ result: AreasResult; closing: ClosingResult | null }> {
  const [answer] = await db.query<{ result: AreasResult }>(
    `select private.import_areas($1, $2::text::jsonb, $3, $4) as result`,
    [options.level, JSON.stringify(rows), options.parentByPoint ?? false, isBroken],
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
  try {
    return await (options.closeMissing
      ? db.transaction((tx) => store(tx, rows, isBroken, options))
      : store(db, rows, isBroken, options))
  } catch (error) {
    if (error instanceof DatabaseError) throw error
    if (error instanceof StillHolding) {
      const nothing = { stored: 0, updated: 0, unchanged: 0, replaced: null, restamped: 0 }
      const faults = error.codes.map((code) => ({
        feature: null,
        code,
        field: 'code',
        reason: 'holds_areas',
        detail: 'not in the file, but areas below it are valid',
      }))
      return { result: { ...nothing, warnings: [], faults }, closing: null }
    }
    throw new ServerError(
      `${messageOf(error)} The areas may be stored, all of them or none: run the import again.`,
    )
  }
}
