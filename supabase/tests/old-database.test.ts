import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrate, readMigrations } from '../server/owner/migrate.ts'
import { compareSchemas, differenceLines, hashed } from '../server/schema/compare.ts'
import { describeSchema } from '../server/schema/describe.ts'
import { squashedUpTo } from '../server/schema/adopt.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { applyCommands, reportCommand } from './harness/commands.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import { oldMigrations } from './old-schema.ts'

const history = (db: TestDatabase) =>
  db.query('select version, name from supabase_migrations.schema_migrations order by version')

describeOnEachDatabase('a database of 0.1.0', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind, migrations: oldMigrations() })
    await seedSmallCity(db)
    await applyCommands(db, people.field, [reportCommand(people.field)])
  })
  afterAll(() => db?.close())

  it('is known object by object', async () => {
    const versions = oldMigrations().map(({ version }) => version)
    expect(versions).toHaveLength(21)
    const objects = Object.fromEntries(hashed(await db.transaction(describeSchema)))
    await expect(`${JSON.stringify({ versions, objects }, null, 2)}\n`).toMatchFileSnapshot(
      '../server/schema/schema-0.1.0.json',
    )
  })

  it('is refused by its first differences when its schema was changed', async () => {
    const before = await history(db)
    await db.exec(`
      create table public.extra (id integer);
      drop index public.incidents_here_idx;
      alter table public.areas alter column name type varchar(300);
      grant select on public.commands to anon`)
    await expect(migrate(db)).rejects.toThrow(
      /missing: index public\.incidents_here_idx\n.*different: column public\.areas\.name\n[^]*more/,
    )
    expect(await history(db)).toEqual(before)
    await db.exec(`
      drop table public.extra;
      create index incidents_here_idx on public.incidents (reported_at) where source is null;
      alter table public.areas alter column name type text;
      revoke select on public.commands from anon`)
  })

  it('is refused when only a part of its migrations was applied', async () => {
    const last = oldMigrations().at(-1)!
    const known = 'supabase_migrations.schema_migrations'
    await db.query(`delete from ${known} where version = $1`, [last.version])
    await expect(migrate(db)).rejects.toThrow('20 of the 21')
    await db.query(`insert into ${known} (version, name) values ($1, $2)`, [
      last.version,
      last.name,
    ])
  })

  it('opens: the new history, nothing replayed, and later migrations on top', async () => {
    const [before] = await db.query('select id, version, changed_xid from public.incidents')
    const later = readMigrations().filter(({ version }) => version > squashedUpTo)
    expect(await migrate(db)).toEqual(later.map(({ version }) => version))
    expect(await history(db)).toEqual(
      readMigrations().map(({ version, name }) => ({ version, name })),
    )
    expect(await db.query('select id, version, changed_xid from public.incidents')).toEqual([
      before,
    ])
    expect(await migrate(db)).toEqual([])
  })

  it('has then the schema of a new one', async () => {
    const fresh = await openTestDatabase({ kind })
    try {
      const difference = compareSchemas(
        await fresh.transaction(describeSchema),
        await db.transaction(describeSchema),
      )
      expect(differenceLines(difference)).toEqual([])
    } finally {
      await fresh.close()
    }
  })
})
