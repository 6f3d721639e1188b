import type { Database } from '../base/database-types.ts'

/**
 * After a stack overflow PGlite drops writes that it acknowledges. This notices it: another
 * statement reads the value.
 */
export async function canary(db: Pick<Database, 'query'>): Promise<string> {
  const value = crypto.randomUUID()
  const [written] = await db.query<{ transaction: string }>(
    `insert into wangge_server.canary (value) values ($1)
     on conflict (singleton) do update set value = excluded.value
     returning pg_current_xact_id()::text as transaction`,
    [value],
  )
  const [read] = await db.query<{ value: string; status: string }>(
    'select value, pg_xact_status($1::text::xid8) as status from wangge_server.canary',
    [written?.transaction ?? '0'],
  )
  if (read?.value !== value || read.status !== 'committed') {
    throw new Error('The database acknowledged a write and dropped it.')
  }
  return value
}
