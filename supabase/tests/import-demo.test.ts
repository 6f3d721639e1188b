import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import Papa from 'papaparse'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { oracleRows } from '../../tests/kit/oracle.ts'
import { demoCities } from '../server/base/demo.ts'
import { loadDemoCity, moveDemoToToday, readDemoDates } from '../server/import/demo-city.ts'
import type { ImportReport } from '../server/import/report.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import { applyCommands, commandOf, reportCommand } from './harness/commands.ts'
import type { TestDatabase } from './harness/index.ts'

const dayMs = 86_400_000
/** The demo is loaded as if ten weeks and some hours ago, and moved to the present at the end. */
const loadedAt = new Date(Date.now() - 71 * dayMs).toISOString()
/** Wall clock of the end of the file. */
const fileEnd = Date.parse('2016-01-27T21:39:18Z')
/** Weeks from there to the wall clock of San Francisco at an instant, by other code. */
function weeksAt(instant: string): number {
  const wall = new Date(instant).toLocaleString('sv-SE', { timeZone: 'America/Los_Angeles' })
  return Math.floor((Date.parse(`${wall.replace(' ', 'T')}Z`) - fileEnd) / (7 * dayMs))
}
const weeks = weeksAt(loadedAt)
const kept = oracleRows(weeks)

/** Reports and closings of imported incidents on the city's wall clock. */
const wallClock = `select id::text as id,
  to_char(reported_at at time zone 'America/Los_Angeles', 'YYYY-MM-DD"T"HH24:MI:SS') as reported,
  to_char(closed_at at time zone 'America/Los_Angeles', 'YYYY-MM-DD"T"HH24:MI:SS') as closed,
  to_char(month, 'YYYY-MM') as month
  from public.incidents where source = 'sf311' order by id::text collate "C"`

const wallClockOf = (rows: typeof kept) =>
  rows
    .map(({ id, reportedAt, closedAt, day }) => ({
      id,
      reported: reportedAt,
      closed: closedAt,
      month: day.slice(0, 7),
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))

describeOnEachDatabase('the demo city', (kind) => {
  let db: TestDatabase
  let report: ImportReport
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    report = await loadDemoCity(db, { now: loadedAt })
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

  it('moves every report and closing by the same whole weeks on the city’s wall clock', async () => {
    expect(await db.query(wallClock)).toEqual(wallClockOf(kept))
    expect(await readDemoDates(db)).toMatchObject({ weeks, isOld: true })
    const [late] = await db.query(
      'select count(*)::int as n from public.incidents where greatest(reported_at, closed_at) > $1',
      [loadedAt],
    )
    expect(late).toEqual({ n: 0 })
  })

  it('knows where the file ends', () => {
    const file = gunzipSync(readFileSync('supabase/seed/demo/incidents.csv.gz')).toString('utf8')
    const { data } = Papa.parse<{ reported_at: string; closed_at: string }>(file, { header: true })
    const times = data.flatMap((row) => [row.reported_at ?? '', row.closed_at ?? ''])
    expect(times.toSorted().at(-1)).toBe(demoCities[0].endsAt)
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

  it('moves an older demo to the present, and leaves alone what people have worked on', async () => {
    const field = await personOf('field@wangge.demo')
    const worked = kept.find((row) => row.open && row.communityCode === 'SF-N-19')!
    const own = reportCommand(field, { lon: -122.4194, lat: 37.7599, photos: [] })
    const note = commandOf(field, 'add_note', { incidentId: worked.id, note: 'Still there' })
    const receipts = await applyCommands(db, field, [own, note])
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['applied', 'applied'])
    const leader = await personOf('leader@wangge.demo')
    const { cursor } = await ask<{ cursor: string }>(leader, 'select public.incident_months()')
    const ofPeople = `select id, reported_at, month, version from public.incidents where source is null`
    const before = await db.query(ofPeople)
    const now = new Date().toISOString()

    const moved = await moveDemoToToday(db, { now })
    const later = oracleRows(weeksAt(now))
    expect(moved).toMatchObject({ weeks: weeksAt(now), isOld: false, stayed: 1 })
    expect(moved.weeks - weeks).toBeGreaterThanOrEqual(9)
    expect(await db.query(wallClock)).toEqual(
      wallClockOf(later.map((row) => (row.id === worked.id ? worked : row))),
    )
    expect(await db.query(ofPeople)).toEqual(before)
    const [late] = await db.query(
      'select count(*)::int as n from public.incidents where greatest(reported_at, closed_at) > now()',
    )
    expect(late).toEqual({ n: 0 })
    // clients load the months that rows left, and those they came into
    const changes = await ask<{ months: string[] }>(leader, 'select public.changes_since($1)', [
      cursor,
    ])
    const months = new Set([...kept, ...later].map(({ day }) => day.slice(0, 7)))
    expect(new Set(changes.months)).toEqual(months)
    const context = await ask<{ demo: unknown }>(leader, 'select public.session_context()')
    expect(context.demo).toEqual({ weeks: moved.weeks, until: moved.until, isOld: false })

    // again on the same day: nothing to do
    expect(await moveDemoToToday(db, { now })).toMatchObject({ weeks: moved.weeks, stayed: 0 })
  })

  it('changes nothing when loaded again, although it was moved and worked on', async () => {
    const counts = `select (select count(*)::int from public.incidents where source is not null) as incidents,
         (select count(*)::int from public.incident_log where kind = 'imported') as log,
         (select count(*)::int from auth.users) as users,
         (select max(version)::int from public.incidents) as version,
         (select count(*)::int from public.areas where revision > 1) as redrawn`
    const before = await db.query(counts)
    expect(before).toMatchObject([
      { incidents: kept.length, log: kept.length, users: 5, redrawn: 0 },
    ])
    const dates = await readDemoDates(db)
    const again = await loadDemoCity(db)
    expect(again).toMatchObject({
      stored: 0,
      updated: 0,
      // all but the one that was worked on and stayed at its earlier date
      unchanged: kept.length - 1,
      reasons: { closed_before_opened: 184, outside_city: 33, changed_here: 1 },
    })
    expect(await readDemoDates(db)).toEqual(dates)
    expect(await db.query(counts)).toEqual(before)
  })

  const personOf = async (email: string): Promise<string> => {
    const [row] = await db.query<{ id: string }>(
      'select id::text as id from auth.users where email = $1',
      [email],
    )
    return row!.id
  }
  const ask = async <T>(user: string, sql: string, params: string[] = []): Promise<T> =>
    db.asUser(user, async (tx) => Object.values((await tx.query(sql, params))[0] ?? {})[0] as T)

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
