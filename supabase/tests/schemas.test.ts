import { afterAll, beforeAll, expect, it } from 'vitest'
import { readMigrations } from '../server/owner/migrate.ts'
import { compareSchemas, differenceLines } from '../server/schema/compare.ts'
import { planMigration, readSchemas, stateAfter } from '../server/schema/plan.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'

const migrations = readMigrations().map(({ sql }) => sql)
const schemas = readSchemas()

/** The schemas with one text replaced; it must be there. */
function edited(from: string, to: string): string[] {
  expect(schemas.join('\n')).toContain(from)
  return schemas.map((sql) => sql.replace(from, to))
}

describeOnEachDatabase('supabase/schemas', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind, migrations: [] })
    await db.exec(`create schema if not exists extensions;
      create extension if not exists postgis with schema extensions`)
  })
  afterAll(() => db?.close())

  it('gives exactly the schema, rights and rows of the migrations', async () => {
    const migrated = await stateAfter(db, migrations)
    expect(migrated.size).toBeGreaterThan(500)
    const difference = compareSchemas(migrated, await stateAfter(db, schemas))
    expect(differenceLines(difference)).toEqual([])
  })

  it('defines each function once, with create or replace', () => {
    const text = schemas.join('\n')
    const definitions = [
      ...text.matchAll(/^create (or replace )?function ([\w.]+\([^$]*?\))\s+returns/gm),
    ]
    expect(definitions.length).toBeGreaterThan(100)
    expect(definitions.filter(([, orReplace]) => !orReplace)).toEqual([])
    const counts = Map.groupBy(definitions, ([, , signature]) => signature!.replaceAll(/\s+/g, ' '))
    expect([...counts].filter(([, found]) => found.length > 1).map(([name]) => name)).toEqual([])
  })

  it('says above each function of private what it gives, or above its namesake in public', () => {
    const text = schemas.join('\n')
    const silent = text.matchAll(/^(?!--).*\ncreate or replace function private\.(\w+)/gm)
    const names = [...silent].map(([, name]) => name!)
    expect(names.filter((name) => !text.includes(`function public.${name}(`))).toEqual([])
  })

  // `npm run schema` plans on PGlite alone
  if (kind === 'pglite')
    it('lets the next migration be written: functions, policies, indexes, constraints and rights', async () => {
      const changed = edited(
        `'code', d.code, 'nameZh', d.name_zh, 'nameEn', d.name_en) order by d.code collate "C"`,
        `'code', d.code, 'name', d.name_en) order by d.code collate "C"`,
      )
        .map((sql) =>
          sql
            .replace('using (actor = (select auth.uid()))', 'using (actor = auth.uid())')
            .replace(
              'create index commands_actor_idx on public.commands (actor, received_at);',
              'create index commands_received_idx on public.commands (received_at);',
            )
            .replace(
              'check (valid_to is null or valid_to > valid_from)',
              'check (valid_to > valid_from)',
            )
            // another result needs a drop; the right to call it is lost with it
            .replace(
              /create or replace function private\.scope_departments\(\)\nreturns text\[\]/,
              (text) => text.replace('text[]', 'varchar[]'),
            )
            .replace(
              'public.department_list()\nto authenticated',
              'public.department_list()\nto anon',
            ),
        )
        .concat('create or replace function private.one() returns integer language sql return 1;')
      const { sql, toWrite } = await planMigration(db, migrations, changed)
      expect(toWrite).toEqual([])
      expect(sql).toContain('FUNCTION private.department_list()')
      expect(sql).toContain('drop function private.scope_departments()')
      const wanted = await stateAfter(db, changed)
      const difference = compareSchemas(wanted, await stateAfter(db, [...migrations, sql]))
      expect(differenceLines(difference)).toEqual([])
    })

  if (kind === 'pglite')
    it('says what a person must write, and fails until it is written', async () => {
      const changed = edited(
        '  name_zh text not null,\n',
        '  name_zh text not null,\n  phone text,\n',
      ).concat(
        'create table public.workshops (id uuid primary key); alter table public.workshops enable row level security;',
      )
      const { sql, toWrite } = await planMigration(db, migrations, changed)
      expect(toWrite.join('\n')).toMatch(
        /column public\.departments\.phone[^]*new table public\.workshops/,
      )
      await expect(stateAfter(db, [...migrations, sql])).rejects.toThrow('not finished')
    })

  if (kind === 'pglite')
    it('needs no migration now', async () => {
      expect(await planMigration(db, migrations, schemas)).toEqual({ sql: '', toWrite: [] })
    })
})
