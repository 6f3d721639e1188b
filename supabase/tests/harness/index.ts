import { describe } from 'vitest'
import type { Migration } from '../../server/schema/migration.ts'
import { openPgliteTestDatabase } from './pglite.ts'
import { missingPostgres, openPostgresTestDatabase } from './postgres.ts'
import type { DatabaseKind, TestDatabase } from './types.ts'

export type { DatabaseKind, TestDatabase } from './types.ts'

/**
 * Opens an empty database with the given migrations, else with all; close it when done. Seconds on
 * either kind.
 */
export function openTestDatabase({
  kind,
  migrations,
}: {
  kind: DatabaseKind
  migrations?: Migration[]
}): Promise<TestDatabase> {
  return kind === 'pglite'
    ? openPgliteTestDatabase(migrations)
    : openPostgresTestDatabase(migrations)
}

/**
 * Describes the same behaviour once for PGlite and once for a native Postgres. Without a Postgres
 * the second is reported as skipped, with the reason in its name; with WANGGE_REQUIRE_POSTGRES=1 it
 * is tried all the same, and fails.
 */
export function describeOnEachDatabase(name: string, body: (kind: DatabaseKind) => void): void {
  describe(`${name} (PGlite)`, () => body('pglite'))
  const reason = missingPostgres()
  if (reason === null || process.env.WANGGE_REQUIRE_POSTGRES === '1') {
    describe(`${name} (Postgres)`, () => body('postgres'))
  } else {
    console.warn(`Not run on a native Postgres: ${reason}`)
    describe.skip(`${name} (Postgres): ${reason}`, () => body('postgres'))
  }
}
