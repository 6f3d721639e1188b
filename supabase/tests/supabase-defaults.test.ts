import { afterAll, beforeAll, expect, it } from 'vitest'
import { readMigrations } from '../server/owner/migrate.ts'
import type { Migration } from '../server/schema/migration.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'

/** The grants of a fresh Supabase, before our migrations. */
const supabase: Migration = {
  version: '20000101000000',
  name: 'supabase',
  sql: `
    grant all on schema public to anon, authenticated;
    alter default privileges in schema public grant all on tables to anon, authenticated;
    alter default privileges in schema public grant all on sequences to anon, authenticated;
    alter default privileges in schema public grant all on functions to anon, authenticated;
    create table public.theirs (id integer);
    create sequence public.theirs_seq;
    create function public.theirs() returns integer language sql as 'select 1';
  `,
}
const later: Migration = {
  version: '29990101000000',
  name: 'forgotten',
  sql: `
    create table public.forgotten (id integer);
    create sequence public.forgotten_seq;
    create function public.forgotten() returns integer language sql as 'select 1';
    create table private.forgotten (id integer);
    create function private.forgotten() returns integer language sql as 'select 1';
  `,
}

describeOnEachDatabase('where Supabase’s default privileges were there first', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    const migrations = [supabase, ...readMigrations(), later]
    db = await openTestDatabase({ kind, migrations })
  })
  afterAll(() => db?.close())

  it.each(['anon', 'authenticated'])('%s has nothing of what nobody granted', async (role) => {
    const open = await db.query(`
      select c.oid::regclass::text as name from pg_class c
      where c.relname ~ '^(theirs|forgotten)' and case c.relkind
        when 'r' then has_table_privilege('${role}', c.oid, 'SELECT, INSERT, UPDATE, DELETE')
        when 'S' then has_sequence_privilege('${role}', c.oid, 'USAGE, UPDATE') end
      union all
      select p.oid::regprocedure::text from pg_proc p
      where p.proname in ('theirs', 'forgotten') and has_function_privilege('${role}', p.oid, 'EXECUTE')
      union all
      select n.nspname from pg_namespace n
      where n.nspname in ('public', 'private') and has_schema_privilege('${role}', n.oid, 'CREATE')`)
    expect(open).toEqual([])
  })
})
