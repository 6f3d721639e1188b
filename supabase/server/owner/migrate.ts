import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DatabaseError } from '../base/database-types.ts'
import type { Database } from '../base/database-types.ts'
import type { Migration } from '../schema/migration.ts'
import { adoptOldHistory } from '../schema/adopt.ts'

/** People read and edit supabase/schemas instead. */
export const migrationsFolder = fileURLToPath(new URL('../../migrations/', import.meta.url))

/** In order. */
export function readMigrations(folder: string = migrationsFolder): Migration[] {
  const migrations = readdirSync(folder)
    .filter((file) => /^\d{14}_.+\.sql$/.test(file))
    .sort()
    .map((file) => ({
      version: file.slice(0, 14),
      name: file.slice(15, -4),
      sql: readFileSync(join(folder, file), 'utf8'),
    }))
  migrations.forEach((migration, index) => {
    if (migration.version === migrations[index - 1]?.version) {
      throw new Error(`Two migrations have the version ${migration.version}.`)
    }
  })
  return migrations
}

/**
 * Applies missing migrations, each in its own transaction, and returns their versions. `db` needs
 * the owner's rights, Supabase's roles and the schema auth. A database of 0.1.0 first gets the
 * history of the squashed migrations.
 */
export async function migrate(
  db: Database,
  migrations: Migration[] = readMigrations(),
): Promise<string[]> {
  await db.exec(`
    create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (version text primary key);
    alter table supabase_migrations.schema_migrations add column if not exists name text;
    alter table supabase_migrations.schema_migrations add column if not exists statements text[];
  `)
  let known = await knownVersions(db)
  if (await adoptOldHistory(db, known, migrations)) known = await knownVersions(db)
  const missing = migrations.filter((migration) => !known.has(migration.version))
  for (const migration of missing) {
    try {
      await db.transaction(async (tx) => {
        await tx.exec(migration.sql)
        await tx.query(
          'insert into supabase_migrations.schema_migrations (version, name) values ($1, $2)',
          [migration.version, migration.name],
        )
      })
    } catch (error) {
      const { message, code, detail } = error as Partial<DatabaseError>
      throw new DatabaseError(
        `Migration ${migration.version}_${migration.name}: ${message}`,
        code ?? 'XX000',
        detail,
      )
    }
  }
  return missing.map((migration) => migration.version)
}

async function knownVersions(db: Database): Promise<Set<string>> {
  const rows = await db.query<{ version: string }>(
    'select version from supabase_migrations.schema_migrations',
  )
  return new Set(rows.map((row) => row.version))
}
