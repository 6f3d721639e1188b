import type { Database } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'

const fetchedRows = 200
const sentCharacters = 4 * 1024 * 1024

/** Conditions by table. The other rows describe their database, not the city. */
const copiedRows: Record<string, string> = {
  'wangge_server.canary': 'false',
  'wangge_server.state': `key not in ('introspection', 'system_schema', 'api_password')`,
  'supabase_migrations.schema_migrations': 'false',
}

interface Table {
  name: string
  where: string
  columns: { name: string; type: string }[]
}

export type CityProof = Record<string, string>

/**
 * Replaces the rows in one transaction, and checks the foreign keys at the end. The schemas must be
 * the same.
 */
export async function copyCity(
  source: Database,
  target: Database,
  onTable: (name: string, rows: number) => void = () => undefined,
): Promise<number> {
  return source.transaction(async (from) => {
    await from.exec(plainText)
    const tables = await tablesOf(from)
    return target.transaction(async (to) => {
      await to.exec(plainText)
      requireSameTables(tables, await tablesOf(to))
      const putBack = await suspendRules(to)
      for (const { name, where } of [...tables].reverse()) {
        await to.exec(`delete from ${name} where ${where}`)
      }
      let total = 0
      for (const table of tables) {
        const rows = await copyTable(from, to, table)
        onTable(table.name, rows)
        total += rows
      }
      await copySequences(from, to)
      await putBack()
      return total
    })
  })
}

/** Sums the MD5 of the rows, so order does not matter. Leaves generated columns out. */
export async function proveCity(db: Database): Promise<CityProof> {
  return db.transaction(async (tx) => {
    await tx.exec(plainText)
    const proof: CityProof = {}
    for (const table of await tablesOf(tx)) {
      const [row] = await tx.query<{ rows: string; hash: string }>(
        `select count(*)::text as rows,
                concat_ws(' ', sum(('x' || left(h, 16))::bit(64)::bigint::numeric),
                               sum(('x' || right(h, 16))::bit(64)::bigint::numeric)) as hash
           from (select md5(${rowText(table)}) as h from ${table.name} where ${table.where}) r`,
      )
      proof[table.name] = `${row?.rows} rows, ${row?.hash}`
    }
    for (const [name, { value, isCalled }] of await sequencesOf(tx)) {
      proof[name] = `${value} ${isCalled}`
    }
    return proof
  })
}

export function differencesOf(before: CityProof, after: CityProof): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name}: ${before[name] ?? 'absent'} before, ${after[name] ?? 'absent'} after`)
}

/** The same text on every server; exact for floating point. */
const plainText = `
  set local search_path to '';
  set local timezone to 'UTC';
  set local datestyle to 'ISO, YMD';
  set local intervalstyle to 'iso_8601';
  set local bytea_output to 'hex';
  set local extra_float_digits to 1;
`

/** No system or extension tables. */
const ownTables = `
  c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_catalog.pg_depend d
                   where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
                     and d.deptype = 'e')`

async function tablesOf(db: Database): Promise<Table[]> {
  const rows = await db.query<{ key: string; name: string; columns: Table['columns'] }>(
    `select n.nspname || '.' || c.relname as key,
            format('%I.%I', n.nspname, c.relname) as name,
            (select json_agg(json_build_object('name', format('%I', a.attname),
                                               'type', format_type(a.atttypid, a.atttypmod))
                             order by a.attname)
               from pg_catalog.pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                and a.attgenerated = '') as columns
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where ${ownTables}
      order by 1`,
  )
  return rows.map(({ key, name, columns }) => ({ name, columns, where: copiedRows[key] ?? 'true' }))
}

/** A difference would lose columns or tables silently. */
function requireSameTables(source: Table[], target: Table[]): void {
  const shapes = new Map(target.map(({ name, columns }) => [name, JSON.stringify(columns)]))
  const different = source.filter(
    ({ name, columns }) => shapes.get(name) !== JSON.stringify(columns),
  )
  if (different.length === 0) return
  throw new ServerError(
    `These tables are not the same in the new database: ${different.map(({ name }) => name).join(', ')}.`,
  )
}

/** `json_build_array` tells null from empty text. */
function rowText({ columns }: Table): string {
  return `json_build_array(${columns.map(({ name }) => `${name}::text`).join(', ')})::text`
}

async function copyTable(from: Database, to: Database, table: Table): Promise<number> {
  const { name, columns, where } = table
  const names = columns.map((column) => column.name).join(', ')
  const values = columns.map(({ type }, index) => `(r.value ->> ${index})::${type}`).join(', ')
  const insert = `insert into ${name} (${names}) overriding system value
    select ${values} from json_array_elements($1::text::json) r`
  await from.exec(
    `declare city_rows no scroll cursor for
       select ${rowText(table)} as row from ${name} where ${where}`,
  )
  let rows = 0
  for (;;) {
    const fetched = await from.query<{ row: string }>(`fetch ${fetchedRows} from city_rows`)
    if (fetched.length === 0) break
    for (const part of partsOf(fetched.map(({ row }) => row))) {
      await to.query(insert, [`[${part.join(',')}]`])
    }
    rows += fetched.length
  }
  await from.exec('close city_rows')
  return rows
}

/** A larger row stands alone. */
function* partsOf(rows: string[]): Generator<string[]> {
  let part: string[] = []
  let characters = 0
  for (const row of rows) {
    if (part.length > 0 && characters + row.length > sentCharacters) {
      yield part
      part = []
      characters = 0
    }
    part.push(row)
    characters += row.length
  }
  if (part.length > 0) yield part
}

/** The result restores and checks them. Needs no superuser; tables may come in any order. */
async function suspendRules(db: Database): Promise<() => Promise<void>> {
  const keys = await db.query<{ table: string; name: string; definition: string }>(
    `select format('%I.%I', n.nspname, c.relname) as table, format('%I', k.conname) as name,
            pg_get_constraintdef(k.oid) as definition
       from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where k.contype = 'f' and ${ownTables}
      order by 1, 2`,
  )
  const triggers = await db.query<{ table: string; name: string; enabled: string }>(
    `select format('%I.%I', n.nspname, c.relname) as table, format('%I', t.tgname) as name,
            t.tgenabled as enabled
       from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where not t.tgisinternal and t.tgenabled <> 'D' and ${ownTables}`,
  )
  for (const { table, name } of keys) await db.exec(`alter table ${table} drop constraint ${name}`)
  for (const { table, name } of triggers) {
    await db.exec(`alter table ${table} disable trigger ${name}`)
  }
  const modes: Record<string, string> = { O: '', A: 'always', R: 'replica' }
  return async () => {
    for (const { table, name, enabled } of triggers) {
      await db.exec(`alter table ${table} enable ${modes[enabled] ?? ''} trigger ${name}`)
    }
    for (const { table, name, definition } of keys) {
      await db.exec(`alter table ${table} add constraint ${name} ${definition}`)
    }
  }
}

async function sequencesOf(
  db: Database,
): Promise<Map<string, { value: string; isCalled: boolean }>> {
  const rows = await db.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where ${ownTables.replace(`'r'`, `'S'`)}
      order by 1`,
  )
  const found = new Map<string, { value: string; isCalled: boolean }>()
  for (const { name } of rows) {
    const [row] = await db.query<{ value: string; isCalled: boolean }>(
      `select last_value::text as value, is_called as "isCalled" from ${name}`,
    )
    if (row) found.set(name, row)
  }
  return found
}

async function copySequences(from: Database, to: Database): Promise<void> {
  for (const [name, { value, isCalled }] of await sequencesOf(from)) {
    await to.query(`select setval($1::text::regclass, $2::text::bigint, $3)`, [
      name,
      value,
      isCalled,
    ])
  }
}
