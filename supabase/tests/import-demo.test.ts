import { afterAll, beforeAll, expect, it } from 'vitest'
import { oracleRows } from '../../tests/kit/oracle.ts'
import { loadDemoCity } from '../server/import/demo-city.ts'
import type { ImportReport } from '../server/import/report.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'

const kept = oracleRows()

describeOnEachDatabase('the demo city', (kind) => {
  let db: TestDatabase
  let report: ImportReport
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    report = await loadDemoCity(db)
  })
  afterAll(() => db?.close())

  it('keeps what an independent count keeps and reports the rest', () => {
    expect(report).toMatchObject({
      read: 14_285,
      stored: kept.length,
      rejected: 14_285 - kept.length,
      byLevel: { grid: kept.length },
      reasons: { closed_before_opened: 184, outside_city: 33 },
    })
    expect(kept).toHaveLength(14_068)
    expect(report.items).toHaveLength(217)
    for (const item of report.items) expect(item.at).toBeGreaterThan(1)
  })

  it('puts every incident into the grid that Turf puts it into, the lowest code on a border', async () => {
    const rows = await db.query<{
      id: string
      area: string
      top: string
      open: boolean
      month: string
    }>(
      `select i.id::text as id, i.area_code as area, split_part(c.path, '/', 1) as top,
         i.stage <> 'closed' as open, to_char(i.month, 'YYYY-MM') as month
       from public.incidents i join public.categories c on c.code = i.category_code
       order by i.id`,
    )
    const expected = kept
      .map(({ id, gridCode, category, open, day }) => ({
        id,
        area: gridCode,
        top: category,
        open,
        month: day.slice(0, 7),
      }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    expect(rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(expected)
  })

  it('gives every open case to a department and one log entry to every incident', async () => {
    const [row] = await db.query(
      `select count(*) filter (where stage = 'dispatched')::int as open,
         count(*) filter (where department_code is null)::int as nobody,
         (select count(*)::int from public.incident_log where kind = 'imported' and seq = 1) as logged
       from public.incidents`,
    )
    const open = kept.filter((incident) => incident.open).length
    expect(row).toEqual({ open, nobody: 0, logged: kept.length })
  })

  it('places in bulk exactly as a command places one', async () => {
    const [row] = await db.query(
      `select count(*)::int as compared, count(*) filter (where (i.area_code, i.district_code, i.qx, i.qy)
         is distinct from (p.area_code, p.district_code, p.qx, p.qy))::int as different
       from (select * from public.incidents order by md5(id::text) limit 100) i
       cross join lateral private.place_incident(i.lon, i.lat) p`,
    )
    expect(row).toEqual({ compared: 100, different: 0 })
  })

  it('changes nothing when loaded again', async () => {
    const again = await loadDemoCity(db)
    expect(again).toMatchObject({ stored: 0, updated: 0, unchanged: kept.length, rejected: 217 })
    const [row] = await db.query(
      `select (select count(*)::int from public.incidents) as incidents,
         (select count(*)::int from public.incident_log) as log,
         (select count(*)::int from auth.users) as users,
         (select count(*)::int from public.areas where revision > 1) as redrawn`,
    )
    expect(row).toEqual({ incidents: kept.length, log: kept.length, users: 5, redrawn: 0 })
  })

  it('gives the five people their scopes', async () => {
    const rows = await db.query(
      `select u.email, m.role, m.area_code, m.department_code
       from auth.users u join public.memberships m on m.user_id = u.id order by u.email`,
    )
    expect(rows).toEqual([
      { email: 'admin@wangge.demo', role: 'admin', area_code: 'SF', department_code: null },
      {
        email: 'field@wangge.demo',
        role: 'field_staff',
        area_code: 'SF-N-19',
        department_code: null,
      },
      {
        email: 'handler@wangge.demo',
        role: 'handler',
        area_code: 'SF',
        department_code: 'public_works',
      },
      { email: 'leader@wangge.demo', role: 'leader', area_code: 'SF', department_code: null },
      {
        email: 'manager@wangge.demo',
        role: 'grid_manager',
        area_code: 'SF-N-19',
        department_code: null,
      },
    ])
  })
})
