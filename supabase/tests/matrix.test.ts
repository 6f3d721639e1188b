import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../server/base/database-types.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people } from './harness/small-city.ts'
import {
  callable,
  forService,
  nobody,
  ownerOnly,
  personas,
  readable,
  sequences,
} from './matrix-expectations.ts'
import type { Cell, Persona, Row } from './matrix-expectations.ts'
import { seedMatrixWorld } from './matrix-world.ts'

/** Ends a transaction without a trace, carrying out what was found. */
class Undo extends Error {
  readonly cell: Cell
  constructor(cell: Cell) {
    super('undo')
    this.cell = cell
  }
}

/** Runs a statement as a persona, and gives a number or a SQLSTATE. Leaves nothing behind. */
async function tryAs(
  db: TestDatabase,
  persona: Persona,
  count: (tx: Database) => Promise<number>,
): Promise<Cell> {
  const run = async (tx: Database) => {
    throw new Undo(await count(tx))
  }
  try {
    await (persona === 'anon' ? db.asAnon(run) : db.asUser(people[persona], run))
  } catch (error) {
    if (error instanceof Undo) return error.cell
    const { code } = error as { code?: string }
    if (code === undefined) throw error
    return code
  }
  throw new Error('unreachable')
}

/** The whole row of the matrix for one statement. */
async function rowOf(
  db: TestDatabase,
  count: (tx: Database, persona: Persona) => Promise<number>,
): Promise<Row> {
  const cells: [Persona, Cell][] = []
  for (const persona of personas) {
    cells.push([persona, await tryAs(db, persona, (tx) => count(tx, persona))])
  }
  return Object.fromEntries(cells) as Row
}

const countRows = async (tx: Database, sql: string) => (await tx.query(sql)).length
const firstNumber = async (tx: Database, sql: string) =>
  Number(Object.values((await tx.query(sql))[0] ?? {})[0])

describeOnEachDatabase('who may do what', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedMatrixWorld(db)
  })
  afterAll(() => db?.close())

  const namesOf = async (sql: string) =>
    (await db.query<{ name: string }>(sql)).map(({ name }) => name)

  it('has a row for every relation and every function, and none for what is gone', async () => {
    const relations = (kinds: string) =>
      namesOf(`select relnamespace::regnamespace || '.' || relname as name from pg_class
        where relnamespace::regnamespace::text in ('public', 'private') and relkind in (${kinds}) order by 1`)
    expect(await relations(`'r', 'v', 'm', 'p', 'f'`)).toEqual(Object.keys(readable).sort())
    expect(await relations(`'S'`)).toEqual([...sequences].sort())
    const functions = await namesOf(`
      select pronamespace::regnamespace || '.' || proname || '(' || array_to_string(array(
        select format_type(t, null) from unnest(proargtypes::oid[]) with ordinality as a (t, n) order by n), ',') || ')' as name
      from pg_proc where pronamespace::regnamespace::text in ('public', 'private')`)
    expect(functions.sort()).toEqual([...Object.keys(callable), ...ownerOnly].sort())
  })

  describe.each(Object.keys(readable))('%s', (table) => {
    it('shows each persona exactly their rows', async () => {
      expect(await rowOf(db, (tx) => countRows(tx, `select 1 from ${table}`))).toEqual(
        readable[table],
      )
    })

    it('lets nobody insert, update or delete', async () => {
      const [column] = await namesOf(
        `select quote_ident(attname) as name from pg_attribute
         where attrelid = '${table}'::regclass and attnum > 0 and attgenerated = '' order by attnum limit 1`,
      )
      for (const sql of [
        `insert into ${table} default values`,
        `update ${table} set ${column} = ${column}`,
        `delete from ${table}`,
        `truncate ${table} cascade`,
      ]) {
        expect(await rowOf(db, (tx) => countRows(tx, sql)), sql).toEqual(nobody)
      }
    })

    it('is under row level security, with policies for reading by signed-in people only', async () => {
      const [state] = await db.query<{ on: boolean; others: number }>(
        `select relrowsecurity as on, (select count(*) from pg_policy p where p.polrelid = c.oid
           and (p.polcmd <> 'r' or p.polroles <> array['authenticated'::regrole::oid])) as others
         from pg_class c where oid = '${table}'::regclass`,
      )
      expect(state).toEqual({ on: true, others: 0 })
    })
  })

  it.each(sequences)('lets nobody draw from %s', async (sequence) => {
    expect(await rowOf(db, (tx) => countRows(tx, `select nextval('${sequence}')`))).toEqual(nobody)
  })

  it.each(Object.keys(callable))('%s answers each persona as expected', async (signature) => {
    const { sql, expected } = callable[signature]!
    const fn = signature.slice(0, signature.indexOf('('))
    expect(await rowOf(db, (tx, persona) => firstNumber(tx, sql(fn, persona)))).toEqual(expected)
  })

  it.each(ownerOnly)('%s is for the owner only', async (signature) => {
    const [name, types = ''] = signature.slice(0, -1).split('(')
    const given = types === '' ? [] : types.split(',')
    // null arguments out of a sub-query that cannot be folded, or planning alone would answer
    const columns = given.map((type, n) => `null::${type} as a${n}`).join(', ') || '1 as a'
    const args = given.map((_, n) => `a${n}`).join(', ')
    const sql = `select ${name}(${args}) from (select ${columns} offset 0) x`
    expect(await rowOf(db, (tx) => countRows(tx, sql))).toEqual(nobody)
  })

  // a function may refuse with 42501 by itself, so the catalogue is asked too
  it('grants EXECUTE on exactly the callable functions, to signed-in people alone', async () => {
    const executable = (role: string) =>
      namesOf(`
        select pronamespace::regnamespace || '.' || proname || '(' || array_to_string(array(
          select format_type(t, null) from unnest(proargtypes::oid[]) with ordinality as a (t, n) order by n), ',') || ')' as name
        from pg_proc where pronamespace::regnamespace::text in ('public', 'private')
          and has_function_privilege('${role}', oid, 'execute')`)
    expect((await executable('authenticated')).sort()).toEqual(Object.keys(callable).sort())
    expect(await executable('anon')).toEqual([])
    expect((await executable('service_role')).sort()).toEqual([...forService].sort())
  })

  it('grants reading alone on tables, and nothing on columns or sequences', async () => {
    const granted = (role: string) =>
      namesOf(`
        select c.oid::regclass || ' ' || p.privilege as name
        from pg_class c, unnest(array['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) as p (privilege)
        where c.relnamespace::regnamespace::text in ('public', 'private') and c.relkind in ('r', 'v', 'm', 'p', 'f')
          and has_any_column_privilege('${role}', c.oid, p.privilege)
        union all
        select c.oid::regclass || ' ' || p.privilege
        from pg_class c, unnest(array['DELETE', 'TRUNCATE', 'TRIGGER']) as p (privilege)
        where c.relnamespace::regnamespace::text in ('public', 'private') and c.relkind in ('r', 'v', 'm', 'p', 'f')
          and has_table_privilege('${role}', c.oid, p.privilege)
        union all
        select c.oid::regclass::text from pg_class c
        where c.relnamespace::regnamespace::text in ('public', 'private')
          and case when c.relkind = 'S' then has_sequence_privilege('${role}', c.oid, 'USAGE, SELECT, UPDATE') end`)
    const tables = Object.keys(readable).filter((name) => name.startsWith('public.'))
    expect((await granted('authenticated')).sort()).toEqual(
      tables.map((name) => `${name.slice('public.'.length)} SELECT`).sort(),
    )
    expect(await granted('anon')).toEqual([])
  })

  it('lets nobody make anything in a schema, and anon not even look into private', async () => {
    const open = await namesOf(`
      select r.role || ' ' || n.nspname || ' ' || p.privilege as name
      from (values ('anon'), ('authenticated'), ('service_role')) r (role),
        pg_namespace n, (values ('CREATE'), ('USAGE')) p (privilege)
      where n.nspname in ('public', 'private') and has_schema_privilege(r.role, n.oid, p.privilege)
      order by 1`)
    expect(open).toEqual([
      'anon public USAGE',
      'authenticated private USAGE',
      'authenticated public USAGE',
      'service_role private USAGE',
      'service_role public USAGE',
    ])
  })

  it('closes what a later migration forgets to close', async () => {
    await db.exec(`
      create table public.forgotten (a integer);
      create table private.forgotten (a integer);
      create sequence public.forgotten_seq;
      create function public.forgotten() returns integer language sql as 'select 1';
      create function private.forgotten() returns integer language sql as 'select 1';
    `)
    for (const sql of [
      'select 1 from public.forgotten',
      'insert into public.forgotten default values',
      'select 1 from private.forgotten',
      `select nextval('public.forgotten_seq')`,
      'select public.forgotten()',
      'select private.forgotten()',
    ]) {
      expect(await rowOf(db, (tx) => countRows(tx, sql)), sql).toEqual(nobody)
    }
    await db.exec(`
      drop function public.forgotten(); drop function private.forgotten();
      drop table public.forgotten; drop table private.forgotten; drop sequence public.forgotten_seq;
    `)
  })
})
