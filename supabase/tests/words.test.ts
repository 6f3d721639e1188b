import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  areaLevels,
  incidentFlags,
  isOpenStage,
  roles,
  stages,
} from '../../src/domain/vocabulary.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'

describeOnEachDatabase('the words of the product in SQL', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
  })
  afterAll(() => db?.close())

  it('are the stages of the client: order, bytes and what is open', async () => {
    const rows = await db.query(
      `select s as stage, private.is_open(s) as "isOpen", private.stage_byte(s, false) as byte,
         private.stage_byte(s, true) as held
       from unnest(private.stage_codes()) with ordinality as c (s, n) order by n`,
    )
    // the flags lie above the four bits of the stage
    expect(rows).toEqual(
      stages.map((stage, index) => ({
        stage,
        isOpen: isOpenStage(stage),
        byte: index,
        held: index | (incidentFlags.onHold << 4),
      })),
    )
  })

  it('are the levels of the client, from the top down', async () => {
    const ranks = await db.query<{ rank: number | null }>(
      'select private.level_rank(l) as rank from unnest($1::text[]) with ordinality as c (l, n) order by n',
      [[...areaLevels, 'county']],
    )
    expect(ranks.map(({ rank }) => rank)).toEqual([...areaLevels.keys(), null])
  })

  it('are the roles of the client, in memberships and in rights', async () => {
    const takes = async (table: string, role: string) => {
      const [row] = await db.query<{ found: boolean }>(
        `select bool_or(pg_get_constraintdef(oid) like '%' || quote_literal($2::text) || '%') as found
         from pg_constraint where conrelid = $1::text::regclass and contype = 'c'`,
        [table, role],
      )
      return row!.found
    }
    for (const role of roles) {
      expect(await takes('public.memberships', role), role).toBe(true)
      expect(await takes('private.role_rights', role), role).toBe(true)
    }
    expect(await takes('public.memberships', 'reporter')).toBe(false)
  })

  it('give each role its rights, row by row', async () => {
    const rows = await db.query<{ role: string; rights: string }>(
      `select role, string_agg(may, ' ' order by may) as rights from private.role_rights group by role order by role`,
    )
    expect(Object.fromEntries(rows.map(({ role, rights }) => [role, rights]))).toEqual({
      admin: 'ask correct note report',
      field_staff: 'correct note report',
      grid_manager: 'ask correct note report',
      handler: 'note',
      reporter: 'correct note',
    })
  })

  it('are inlined, so that the index of open incidents serves whoever asks with is_open', async () => {
    const plan = await db.transaction(async (tx) => {
      await tx.exec('set local enable_seqscan = off; set local enable_bitmapscan = off')
      const rows = await tx.query<Record<string, string>>(
        `explain select i.id from public.incidents i where private.is_open(i.stage)
         order by i.reported_at desc, i.id desc limit 10`,
      )
      return rows.map((row) => Object.values(row)[0]).join('\n')
    })
    expect(plan).toContain('incidents_open_idx')
    expect(plan).not.toContain('is_open')
  })

  it('are inlined where paths are compared, so that the index of paths can serve', async () => {
    const plan = await db.transaction(async (tx) => {
      await tx.exec('set local enable_seqscan = off')
      const rows = await tx.query<Record<string, string>>(
        `explain select a.code from public.areas a where private.is_within(a.path, 'N/')`,
      )
      return rows.map((row) => Object.values(row)[0]).join('\n')
    })
    expect(plan).toContain('areas_path_idx')
  })
})
