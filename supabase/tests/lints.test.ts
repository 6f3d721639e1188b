import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import type { Database } from '../server/base/database-types.ts'

const ours = `('public', 'private')`

/**
 * The lints of Supabase's Splinter that apply here, each a query for what it finds, and statements that
 * it must find. https://supabase.com/docs/guides/database/database-advisors
 */
const lints: Record<string, { finds: string; planted: string; name: string }> = {
  '0001 unindexed_foreign_keys': {
    finds: `
      select n.conrelid::regclass || '.' || n.conname as name
      from pg_constraint n
      where n.contype = 'f' and n.connamespace::regnamespace::text in ${ours}
        and not exists (select from pg_index x
          where x.indrelid = n.conrelid
            -- the look-up of a key knows that the key is not null
            and (x.indpred is null or exists (select from pg_attribute a
              where a.attrelid = n.conrelid and a.attnum = any (n.conkey)
                and pg_get_expr(x.indpred, x.indrelid) = format('(%I IS NOT NULL)', a.attname)))
            and (x.indkey::int2[])[0:cardinality(n.conkey) - 1] @> n.conkey)`,
    planted: `alter table public.profiles add column home text constraint planted references public.areas (code)`,
    name: 'profiles.planted',
  },
  '0003 auth_rls_initplan': {
    finds: `
      select p.polrelid::regclass || '.' || p.polname as name
      from pg_policy p, lateral (select concat(pg_get_expr(p.polqual, p.polrelid), ' ',
        pg_get_expr(p.polwithcheck, p.polrelid)) as text) e
      where regexp_replace(e.text, '(?i)\\( *select +(auth\\.\\w+|current_setting)\\(', '', 'g')
        ~* '(auth\\.\\w+|current_setting)\\('`,
    planted: `create policy planted on public.areas for select to authenticated using (code = auth.uid()::text)`,
    name: 'areas.planted',
  },
  '0006 multiple_permissive_policies': {
    finds: `
      select p.polrelid::regclass || '.' || r.role as name
      from pg_policy p cross join lateral unnest(p.polroles) r (role)
        cross join lateral unnest(case p.polcmd when '*' then '{r,a,w,d}'::"char"[] else array[p.polcmd] end) c (cmd)
      where p.polpermissive group by p.polrelid, r.role, c.cmd having count(*) > 1`,
    planted: `create policy planted on public.areas for select to authenticated using (true)`,
    name: 'areas.',
  },
  '0007 policy_exists_rls_disabled': {
    finds: `
      select distinct c.oid::regclass::text as name from pg_policy p join pg_class c on c.oid = p.polrelid
      where not c.relrowsecurity and c.relnamespace::regnamespace::text in ${ours}`,
    planted: `alter table public.areas disable row level security`,
    name: 'areas',
  },
  '0010 security_definer_view': {
    finds: `
      select c.oid::regclass::text as name from pg_class c
      where c.relkind = 'v' and c.relnamespace::regnamespace::text in ${ours}
        and not coalesce(c.reloptions, '{}') && '{security_invoker=true,security_invoker=on,security_invoker=1}'::text[]`,
    planted: `create view public.planted as select * from public.areas`,
    name: 'planted',
  },
  // a body that was parsed when it was made resolves no names later, and can be inlined
  '0011 function_search_path_mutable': {
    finds: `
      select p.oid::regprocedure::text as name from pg_proc p
      where p.pronamespace::regnamespace::text in ${ours} and p.prosqlbody is null
        and not exists (select from unnest(p.proconfig) c where c = 'search_path=""')`,
    planted: `create function private.planted() returns integer language sql as 'select 1'`,
    name: 'private.planted()',
  },
  '0013 rls_disabled_in_public': {
    finds: `
      select c.oid::regclass::text as name from pg_class c
      where c.relkind in ('r', 'p') and c.relnamespace::regnamespace::text in ${ours} and not c.relrowsecurity`,
    planted: `create table public.planted (id integer)`,
    name: 'planted',
  },
}

const found = async (db: Database, sql: string) =>
  (await db.query<{ name: string }>(`select l.name from (${sql}) l order by 1`)).map(
    ({ name }) => name,
  )

describeOnEachDatabase('lints of the catalogue', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
  })
  afterAll(() => db?.close())

  it.each(Object.entries(lints))('%s finds nothing', async (_, { finds, planted, name }) => {
    expect(await found(db, finds)).toEqual([])
    const withPlanted = await db
      .transaction(async (tx) => {
        await tx.exec(planted)
        throw new Found(await found(tx, finds))
      })
      .catch((error: unknown) => {
        if (error instanceof Found) return error.names
        throw error
      })
    expect(withPlanted.join()).toContain(name)
  })
})

/** Ends a transaction without a trace, with the names that were found. */
class Found extends Error {
  readonly names: string[]
  constructor(names: string[]) {
    super('found')
    this.names = names
  }
}
