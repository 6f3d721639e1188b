import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { readMigrations } from '../local/migrate.ts'

describeOnEachDatabase('the schema', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
  })
  afterAll(() => db?.close())

  it('records every migration once, the way the Supabase CLI does', async () => {
    const rows = await db.query<{ version: string; name: string }>(
      'select version, name from supabase_migrations.schema_migrations order by version',
    )
    expect(rows).toEqual(readMigrations().map(({ version, name }) => ({ version, name })))
  })

  it('has PostGIS outside the API schema', async () => {
    const rows = await db.query<{ schema: string }>(
      `select extnamespace::regnamespace::text as schema from pg_extension where extname = 'postgis'`,
    )
    expect(rows).toEqual([{ schema: 'extensions' }])
  })
})
