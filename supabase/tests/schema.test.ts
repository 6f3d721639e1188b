import lucide from '@iconify-json/lucide/icons.json' with { type: 'json' }
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { readMigrations } from '../server/owner/migrate.ts'

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

  it('begins with a category tree of two levels whose icons exist and whose leaves inherit the colour', async () => {
    const rows = await db.query<{ code: string; icon: string; leaves: number; sound: boolean }>(
      `select c.code, c.icon,
         (select count(*) from public.categories l where l.parent_code = c.code) as leaves,
         case when p.code is null then c.path = c.code || '/' and c.default_department is null
           else c.path = p.path || c.code || '/' and c.color = p.color and p.parent_code is null
             and c.default_department is not null end as sound
       from public.categories c left join public.categories p on p.code = c.parent_code order by c.sort`,
    )
    expect(rows.filter(({ sound }) => !sound)).toEqual([])
    expect(rows.filter(({ leaves }) => leaves > 0).map(({ code }) => code)).toEqual([
      'dirty_environment',
      'aging_facility',
      'illegal_parking',
      'illegal_construction',
      'other',
    ])
    const icons: object = lucide.icons
    expect(rows.filter(({ icon }) => !(icon.replace(/^lucide:/, '') in icons))).toEqual([])
  })
})
