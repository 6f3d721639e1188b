import type { Database } from '../base/database-types.ts'

/** Text by kind and name. */
export type Description = Map<string, string>

const ours = `('public', 'private')`

/** Other roles belong to the server or platform. */
const grants = (acl: string) => `(
  select string_agg(g.line, '; ' order by g.line collate "C") from (
    select coalesce(r.rolname, 'public') || ': ' ||
      string_agg(a.privilege_type, ', ' order by a.privilege_type collate "C") as line
    from aclexplode(${acl}) a left join pg_catalog.pg_roles r on r.oid = a.grantee
    where a.grantee = 0 or r.rolname in ('anon', 'authenticated', 'service_role')
    group by r.rolname) g)`

/**
 * Queries for (name, text). Postgres 15 to 17 write the same texts. NOT NULL constraints of version
 * 18 are skipped: columns state them.
 */
const objects = [
  `select 'extension ' || extname, extnamespace::regnamespace::text
   from pg_extension where extname = 'postgis'`,

  `select 'schema ' || nspname, coalesce(${grants(`coalesce(nspacl, acldefault('n', nspowner))`)}, '')
   from pg_namespace where nspname in ${ours}`,

  `select case relkind when 'r' then 'table ' when 'v' then 'view ' when 'S' then 'sequence '
       when 'c' then 'type ' else 'relation ' end || relnamespace::regnamespace || '.' || relname,
     concat_ws(' ', relkind::text, relpersistence::text, case when relrowsecurity then 'rls' end,
       case when relforcerowsecurity then 'forced' end, reloptions::text,
       case when relkind = 'v' then pg_get_viewdef(c.oid) end,
       (select concat_ws(' ', format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
          s.seqcycle) from pg_sequence s where s.seqrelid = c.oid),
       (select 'of ' || d.refobjid::regclass || '.' || d.refobjsubid from pg_depend d
        where d.objid = c.oid and c.relkind = 'S' and d.deptype = 'i'))
   from pg_class c where relnamespace::regnamespace::text in ${ours} and relkind in ('r', 'v', 'm', 'p', 'f', 'S', 'c')`,

  `select 'grants on ' || relnamespace::regnamespace || '.' || relname,
     ${grants(`coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))`)}
   from pg_class where relnamespace::regnamespace::text in ${ours} and relkind in ('r', 'v', 'm', 'p', 'f', 'S')`,

  `select 'grants on column ' || c.relnamespace::regnamespace || '.' || c.relname || '.' || a.attname,
     ${grants('a.attacl')}
   from pg_attribute a join pg_class c on c.oid = a.attrelid
   where c.relnamespace::regnamespace::text in ${ours} and a.attacl is not null`,

  `select 'column ' || c.relnamespace::regnamespace || '.' || c.relname || '.' || a.attname,
     concat_ws(' ', '#' || row_number() over (partition by c.oid order by a.attnum),
       format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
       case when a.attidentity <> '' then 'identity ' || a.attidentity::text end,
       case when a.attgenerated <> '' then 'generated' end,
       'default ' || pg_get_expr(d.adbin, d.adrelid),
       (select 'collate ' || o.collname from pg_collation o where o.oid = a.attcollation and o.collname <> 'default'))
   from pg_attribute a join pg_class c on c.oid = a.attrelid
   left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where c.relnamespace::regnamespace::text in ${ours} and c.relkind in ('r', 'v', 'm', 'p', 'f', 'c')
     and a.attnum > 0 and not a.attisdropped`,

  `select 'constraint ' || n.conrelid::regclass || '.' || n.conname, pg_get_constraintdef(n.oid)
   from pg_constraint n where n.connamespace::regnamespace::text in ${ours} and n.conrelid <> 0
     and n.contype not in ('n', 't')`,

  `select 'index ' || c.relnamespace::regnamespace || '.' || c.relname, pg_get_indexdef(c.oid)
   from pg_class c where c.relnamespace::regnamespace::text in ${ours} and c.relkind = 'i'
     and not exists (select from pg_constraint n where n.conindid = c.oid and n.contype in ('p', 'u', 'x'))`,

  `select 'trigger ' || t.tgrelid::regclass || '.' || t.tgname, pg_get_triggerdef(t.oid)
   from pg_trigger t join pg_class c on c.oid = t.tgrelid
   where c.relnamespace::regnamespace::text in ${ours} and not t.tgisinternal`,

  `select 'function ' || p.oid::regprocedure, pg_get_functiondef(p.oid)
   from pg_proc p where p.pronamespace::regnamespace::text in ${ours} and p.prokind in ('f', 'p')`,

  `select 'grants on function ' || p.oid::regprocedure,
     ${grants(`coalesce(p.proacl, acldefault('f', p.proowner))`)}
   from pg_proc p where p.pronamespace::regnamespace::text in ${ours}`,

  `select 'type ' || t.oid::regtype, case t.typtype
     when 'e' then (select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)
     else format_type(t.typbasetype, t.typtypmod) end
   from pg_type t where t.typnamespace::regnamespace::text in ${ours} and t.typtype in ('e', 'd')`,

  `select 'policy ' || p.polrelid::regclass || '.' || quote_ident(p.polname),
     concat_ws(' ', 'create policy', quote_ident(p.polname), 'on', p.polrelid::regclass,
       case when not p.polpermissive then 'as restrictive' end,
       'for', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
         when 'd' then 'delete' else 'all' end,
       'to', (select string_agg(coalesce(quote_ident(r.rolname), 'public'), ', ' order by r.rolname)
         from unnest(p.polroles) o left join pg_roles r on r.oid = o),
       'using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
       'with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
   from pg_policy p join pg_class c on c.oid = p.polrelid
   where c.relnamespace::regnamespace::text in ('public', 'private', 'storage')`,

  `select concat_ws(' ', 'default privileges', d.defaclobjtype::text, 'in', nullif(d.defaclnamespace, 0)::regnamespace),
     coalesce(${grants('d.defaclacl')}, '')
   from pg_default_acl d join pg_class c on c.relowner = d.defaclrole
   where c.oid = 'public.incidents'::regclass
     and (d.defaclnamespace = 0 or d.defaclnamespace::regnamespace::text in ${ours})`,

  `select 'comment on ' || pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description
   from pg_description d
   left join pg_class c on d.classoid = 'pg_class'::regclass and c.oid = d.objoid
   left join pg_proc p on d.classoid = 'pg_proc'::regclass and p.oid = d.objoid
   where coalesce(c.relnamespace, p.pronamespace)::regnamespace::text in ${ours}`,
]

/** Includes storage policies. Needs a transaction: it sets the search path. */
export async function describeSchema(tx: Database): Promise<Description> {
  // makes Postgres write names with their schema
  await tx.exec(`set local search_path = ''`)
  const found: [string, string][] = []
  for (const sql of objects) {
    const rows = await tx.query<{ name: string; text: string }>(
      `select o.name, o.text from (${sql}) as o (name, text) where o.text is not null`,
    )
    found.push(...rows.map(({ name, text }): [string, string] => [name, text]))
  }
  return sorted(found)
}

/** Initial rows, which a used city may have changed. Needs a transaction. */
export async function describeRows(tx: Database): Promise<Description> {
  await tx.exec(`set local search_path = ''`)
  const tables = await tx.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
     where c.relnamespace::regnamespace::text in ${ours} and c.relkind = 'r'`,
  )
  const found: [string, string][] = []
  for (const { name } of tables) {
    const rows = await tx.query<{ row: string }>(`select to_jsonb(r)::text as row from ${name} r`)
    found.push(...rows.map(({ row }): [string, string] => [`row of ${name} ${row}`, row]))
  }
  return sorted(found)
}

function sorted(entries: [string, string][]): Description {
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
