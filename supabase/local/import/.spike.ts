import { PGlite } from '@electric-sql/pglite'
import { postgis } from '@electric-sql/pglite-postgis'
import { readFileSync } from 'node:fs'
import { databaseError } from '../backend/pglite-engine.ts'
import type { Database, SqlValue } from '../database-types.ts'
export async function open(): Promise<Database> {
  const pg = new PGlite({ extensions: { postgis } })
  await pg.exec('create role anon; create role authenticated; create role service_role; create schema auth;')
  for (const f of ['20260101000100_core', '20260101000500_read_indexes', '20260101000800_import_incidents', '20260101000810_import_areas'])
    await pg.exec('begin;' + readFileSync(`supabase/migrations/${f}.sql`, 'utf8') + ';commit')
  const db: Database = {
    query: async <T>(s: string, p: readonly SqlValue[] = []) => { try { return (await pg.query<T>(s, [...p])).rows } catch (e) { throw databaseError(e) } },
    exec: async (s) => { await pg.exec(s) },
    transaction: async () => { throw new Error('no') },
    close: () => pg.close(),
  }
  return db
}
