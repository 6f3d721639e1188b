import { openPostgresTestDatabase } from '../../../supabase/tests/harness/postgres.ts'
import type { TestDatabase } from '../../../supabase/tests/harness/types.ts'
import type { Database } from '../../../supabase/server/base/database-types.ts'
import { createCity } from '../generate/city.ts'

export interface BenchDatabase {
  db: TestDatabase
  /** Calls a function of the API as somebody who sees the whole city; one jsonb value. */
  call<T>(expression: string, params?: (string | number)[]): Promise<T>
}

/** Sees the whole city. */
export const admin = '00000000-0000-4000-8000-000000000001'

/** The demo city without incidents in a native Postgres of its own. */
export async function openBenchDatabase(): Promise<BenchDatabase> {
  const db = await openPostgresTestDatabase()
  await createCity(db)
  await db.query(`insert into public.profiles (user_id, display_name) values ($1, 'bench')`, [
    admin,
  ])
  await db.query(
    `insert into public.memberships (user_id, role, area_code) values ($1, 'admin', 'SF')`,
    [admin],
  )
  return {
    db,
    call: <T>(expression: string, params: (string | number)[] = []) =>
      db.asUser(admin, async (tx) => {
        const [row] = await tx.query<{ result: T }>(`select public.${expression} as result`, params)
        return row!.result
      }),
  }
}

/** Writes many rows anew and makes the indexes afterwards: each row would go into every one. */
export async function withoutIndexes(
  db: Pick<Database, 'query' | 'exec'>,
  table: string,
  write: () => Promise<unknown>,
): Promise<void> {
  const indexes = await db.query<{ name: string; made: string }>(
    `select x.indexrelid::regclass::text as name, pg_get_indexdef(x.indexrelid) as made
     from pg_index x
     where x.indrelid = $1::text::regclass
       and not exists (select from pg_constraint c where c.conindid = x.indexrelid)`,
    [table],
  )
  for (const { name } of indexes) await db.exec(`drop index ${name}`)
  await write()
  for (const { made } of indexes) await db.exec(made)
}

/** Milliseconds of each run, shortest first. */
export async function times(runs: number, run: (index: number) => unknown): Promise<number[]> {
  const taken: number[] = []
  for (let index = 0; index < runs; index++) {
    const start = performance.now()
    await run(index)
    taken.push(performance.now() - start)
  }
  return taken.toSorted((a, b) => a - b)
}

/** The value below which the share lies, of times in order. */
export const quantile = (sorted: number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
