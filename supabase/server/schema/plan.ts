import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Database } from '../base/database-types.ts'
import { describeRows, describeSchema } from './describe.ts'
import type { Description } from './describe.ts'
import { nextMigration } from './next-migration.ts'
import type { NextMigration } from './next-migration.ts'

export const schemasFolder = fileURLToPath(new URL('../../schemas/', import.meta.url))

export function readSchemas(folder: string = schemasFolder): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'))
}

/** `db` must be provisioned and without migrations; it stays unchanged. */
export async function planMigration(
  db: Database,
  migrations: readonly string[],
  schemas: readonly string[],
): Promise<NextMigration> {
  const migrated = await stateAfter(db, migrations)
  const wanted = await stateAfter(db, schemas)
  return nextMigration(migrated, wanted, schemas.join('\n'))
}

class RolledBack extends Error {
  readonly state: Description
  constructor(state: Description) {
    super('rolled back')
    this.state = state
  }
}

/** Runs the scripts in an empty database and rolls back. */
export async function stateAfter(db: Database, scripts: readonly string[]): Promise<Description> {
  try {
    await db.transaction(async (tx) => {
      for (const script of scripts) await tx.exec(script)
      throw new RolledBack(new Map([...(await describeSchema(tx)), ...(await describeRows(tx))]))
    })
  } catch (error) {
    if (error instanceof RolledBack) return error.state
    throw error
  }
  throw new Error('unreachable')
}
