import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import Papa from 'papaparse'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { photoPath } from '../../src/domain/photo/photo-rules.ts'
import { isClosedBeforeOpened, oracleRows, sourceRows } from '../../tests/kit/oracle.ts'
import type { OracleRow } from '../../tests/kit/oracle.ts'
import { demoCities } from '../server/base/demo.ts'
import { clearDemoSteps, takeDemoSteps } from '../server/import/demo/loop.ts'
import { loadDemoCity, moveDemoToToday, readDemoDates } from '../server/import/demo-city.ts'
import type { ImportReport } from '../server/import/report.ts'
import { useDemoIn, writeThinDemo } from '../server/testing/thin-demo.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import { applyCommands, commandOf, reportCommand } from './harness/commands.ts'
import type { TestDatabase } from './harness/index.ts'
import { missingPostgres } from './harness/postgres.ts'
import { temporaryFiles } from './import-support.ts'

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

/** Reports and closings of imported incidents on the city's wall clock. */
const wallClock = `select id::text as id,
  to_char(reported_at at time zone 'America/Los_Angeles', 'YYYY-MM-DD"T"HH24:MI:SS') as reported,
  to_char(closed_at at time zone 'America/Los_Angeles', 'YYYY-MM-DD"T"HH24:MI:SS') as closed,
  to_char(month, 'YYYY-MM') as month
  from public.incidents where source = 'sf311' order by id::text collate "C"`

const wallClockOf = (rows: OracleRow[]) =>
  rows
    .map(({ id, reportedAt, closedAt, day }) => ({
      id,
      reported: reportedAt,
      closed: closedAt,
      month: day.slice(0, 7),
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))

/**
 * The whole file on Postgres, where there is one. On PGlite, which is loaded three times and slower, the
 * thin demo: flows in a browser hold what its server shows of the whole file against the same count.
 */
describeOnEachDatabase('the demo city', (kind) => {
  const temporary = temporaryFiles()
  const isWhole = kind === 'postgres' || missingPostgres() !== null
  if (!isWhole) writeThinDemo(temporary.folder)
  const source = isWhole ? sourceRows() : sourceRows(temporary.folder)
  const kept = oracleRows(weeks, source)
  const reasons = {
    closed_before_opened: source.filter(isClosedBeforeOpened).length,
    outside_city: source.length - kept.length - source.filter(isClosedBeforeOpened).length,
  }
  let useWholeDemo = (): void => undefined
  let db: TestDatabase
  let report: ImportReport
  const files = new Map<string, Uint8Array>()
  const photos = {
    write: async (name: Parameters<typeof photoPath>[0], bytes: Uint8Array) => {
      files.set(photoPath(name), bytes)
    },
  }
  beforeAll(async () => {
    if (!isWhole) useWholeDemo = useDemoIn(temporary.folder)
    db = await openTestDatabase({ kind })
    report = await loadDemoCity(db, { now: loadedAt, photos })
  })
  afterAll(async () => {
    useWholeDemo()
    temporary.remove()
    await db?.close()
  })

  it('keeps what an independent count keeps and reports the rest', () => {
    expect(report).toMatchObject({
      read: source.length,
      stored: kept.length,
      rejected: source.length - kept.length,
      byLevel: { grid: kept.length },
      reasons,
    })
    if (isWhole) {
      expect(source).toHaveLength(14_285)
      expect(kept).toHaveLength(14_068)
      expect(reasons).toEqual({ closed_before_opened: 184, outside_city: 33 })
    }
    expect(report.items).toHaveLength(source.length - kept.length)
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
      `select count(*) filter (where private.is_open(stage))::int as open,
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

  it('brings recent open incidents into every state, most in time, and closes none', async () => {
    const [row] = await db.query<{ states: string[] } & Record<string, number>>(
      `select count(*)::int as generated, array_agg(distinct state order by state) as states,
         count(*) filter (where not private.is_open(stage))::int as ended,
         count(*) filter (where pending = 'extension')::int as extension,
         count(*) filter (where pending = 'hold')::int as hold,
         count(*) filter (where on_hold and hold_until > $1)::int as held,
         count(*) filter (where rework > 0)::int as rework,
         count(*) filter (where supervision is not null and reply_by is not null)::int as escalated,
         count(due_at)::int as clocks,
         count(*) filter (where due_at <= $1)::int as overdue,
         count(*) filter (where due_at > $1 and due_at <= $1::timestamptz + interval '1 day')::int as soon,
         count(*) filter (where reported_at < $1::timestamptz - interval '110 days')::int as old
       from public.incidents i left join (select incident_id, due_at from public.incident_work) w on w.incident_id = i.id where is_generated`,
      [loadedAt],
    )
    const { generated, states, clocks, overdue, ...counts } = row!
    expect(generated).toBeGreaterThanOrEqual(150)
    expect(states).toEqual(
      'dispatched filed handled refuted reported returned verified verifying'.split(' '),
    )
    expect(counts).toMatchObject({ ended: 0, old: 0 })
    for (const kind of ['extension', 'hold', 'held', 'rework', 'escalated', 'soon'])
      expect(counts[kind], kind).toBeGreaterThan(0)
    // held clocks rest, all others run
    expect(clocks).toBe(generated! - counts['held']!)
    expect(overdue).toBeGreaterThan(5)
    expect(overdue).toBeLessThan(clocks! / 2)
  })

  it('asks residents of two years by draws that can be shown again, all of it marked', async () => {
    const [row] = await db.query(
      `select (select count(*)::int from public.callback_draws) as draws,
         (select bool_and(d.is_generated and c.is_intact) from public.callback_draws d, lateral (
           select encode(sha256(convert_to(private.draw_list(d.id), 'UTF8')), 'hex') = d.list_hash
             and max(private.draw_score(d.seed, c.incident_id, c.closing)) = d.last_score
             and count(*) = d.drawn_count as is_intact
           from public.callbacks c where c.draw_id = d.id) c) as intact,
         (select count(distinct outcome)::int from public.callbacks) as outcomes,
         (select count(*)::int from public.callbacks where outcome is null) as waiting,
         (select bool_and(is_generated and at >= closed_at and at <= $1) from public.ratings) as sound,
         (select count(*)::int from public.ratings where is_exempt) as exempt,
         (select count(*)::int from public.ratings where unsolved = 'asked') as asked`,
      [loadedAt],
    )
    expect(row).toMatchObject({ draws: 104, intact: true, outcomes: 3, sound: true, exempt: 3 })
    expect(Number(row!['waiting'])).toBeGreaterThan(10)
    expect(Number(row!['asked'])).toBeGreaterThan(0)
    const stories = await db.query<{
      community: string
      n: number
      glad: number
      least: number
      gain: number
    }>(
      `select a.parent_code as community, count(*)::int as n, count(*) filter (where r.satisfied >= 4)::int as glad,
         min(r.satisfied)::int as least,
         (avg((r.satisfied >= 4)::int) filter (where r.at > $1::timestamptz - interval '182 days')
           - avg((r.satisfied >= 4)::int) filter (where r.at <= $1::timestamptz - interval '182 days'))::float8 as gain
       from public.ratings r
       join public.callbacks c on (c.district_code, c.incident_id, c.closing) = (r.district_code, r.incident_id, r.closing)
       join public.callback_draws d on d.id = c.draw_id
       join public.areas a on a.code = r.area_code
       where d.drawn_at > $1::timestamptz - interval '52 weeks' group by a.parent_code`,
      [loadedAt],
    )
    const [years] = await db.query<{ gain: number }>(
      `select (avg((satisfied >= 4)::int) filter (where at > $1::timestamptz - interval '52 weeks')
         - avg((satisfied >= 4)::int) filter (where at <= $1::timestamptz - interval '52 weeks'))::float8 as gain
       from public.ratings`,
      [loadedAt],
    )
    expect(years!.gain).toBeGreaterThan(0.02)
    expect(stories).toContainEqual(expect.objectContaining({ n: 13, glad: 12 }))
    expect(stories.filter(({ n, least }) => n >= 30 && least === 5)).toHaveLength(1)
    const [largest, second] = stories.toSorted((a, b) => b.n - a.n)
    expect(second!.n).toBeGreaterThan(40)
    expect(second!.gain).toBeGreaterThan(0.05)
    // weeks of the largest that can be judged differ by more than chance: χ² beyond its 99 % of some weeks
    const weeks = await db.query<{ n: number; glad: number }>(
      `select count(*)::int as n, count(*) filter (where r.satisfied >= 4)::int as glad
       from public.ratings r join public.areas a on a.code = r.area_code
       where a.parent_code = $1 and r.satisfied is not null and r.closed_at > $2::timestamptz - interval '52 weeks'
       group by date_trunc('week', r.closed_at at time zone 'America/Los_Angeles') having count(*) >= 10`,
      [largest!.community, loadedAt],
    )
    expect(weeks.length).toBeGreaterThan(2)
    const glad = weeks.reduce((sum, week) => sum + week.glad, 0)
    const share = glad / weeks.reduce((sum, week) => sum + week.n, 0)
    const spread = weeks.reduce(
      (sum, week) => sum + (week.glad - week.n * share) ** 2 / (week.n * share * (1 - share)),
      0,
    )
    expect(spread / (weeks.length - 1)).toBeGreaterThan(2)
  })

  const stepsTaken = `select l.incident_id, l.seq, l.at, l.kind, l.actor, l.note, l.data, l.command_id,
      c.type, c.is_generated
    from public.incident_log l left join public.commands c on c.id = l.command_id
    where l.incident_id in (select id from public.incidents where is_generated)
    order by l.incident_id, l.seq`

  it('takes every step by a command, in order of time and never after the load, and marks it', async () => {
    const log = await db.query<{ kind: string; type: string | null; is_generated: boolean | null }>(
      stepsTaken,
    )
    const kinds = new Set(log.map(({ kind }) => kind))
    expect(kinds).toEqual(new Set(['imported', 'demo_started', 'transition']))
    const steps = log.filter(({ kind }) => kind === 'transition')
    expect(steps.length).toBeGreaterThan(400)
    for (const { type, is_generated: isMarked } of steps)
      expect({ type, isMarked }).toEqual({ type: 'transition', isMarked: true })
    const [wrong] = await db.query(
      `select count(*) filter (where l.at > $1::timestamptz + interval '1 second')::int as late,
         count(*) filter (where l.at < i.reported_at)::int as early,
         count(*) filter (where l.at < before.at)::int as disordered
       from public.incident_log l
       join public.incidents i on i.district_code = l.district_code and i.id = l.incident_id and i.is_generated
       left join public.incident_log before on before.incident_id = l.incident_id
         and before.seq = l.seq - 1 and before.kind <> 'imported'
       where l.kind <> 'imported'`,
      [loadedAt],
    )
    expect(wrong).toEqual({ late: 0, early: 0, disordered: 0 })
  })

  // on one of both: the move below undoes and takes steps on the other
  if (kind === 'postgres')
    it('undoes its steps without a trace and takes the same ones again for the same day', async () => {
      const before = await db.query(stepsTaken)
      const asked = 'select * from public.callbacks order by draw_id, n'
      const told =
        'select incident_id, satisfied, at, decide_by from public.ratings order by incident_id'
      const [calls, answers] = [await db.query(asked), await db.query(told)]
      const now = { now: loadedAt, photos }
      await db.transaction(clearDemoSteps)
      const [left] = await db.query(
        `select count(*) filter (where i.stage = 'dispatched' and state = 'dispatched')::int as dispatched,
           count(*) filter (where is_generated or w.due_at is not null or i.on_hold or i.rework > 0)::int as changed,
           (select count(*)::int from public.incident_clocks) as clocks,
           (select count(*)::int from public.incident_log where kind <> 'imported') as log,
           (select count(*)::int from public.commands) as commands,
           (select count(*)::int from public.incident_photos) as photos
         from public.incidents i left join (select incident_id, due_at from public.incident_work) w on w.incident_id = i.id`,
      )
      expect(left).toEqual({
        dispatched: kept.filter(({ open }) => open).length,
        ...{ changed: 0, clocks: 0, log: 0, commands: 0, photos: 0 },
      })
      for (const table of ['callback_draws', 'callbacks', 'ratings', 'rating_words', 'appeals'])
        expect(await db.query(`select 1 from public.${table}`), table).toEqual([])
      await db.transaction((tx) => takeDemoSteps(tx, demoCities[0], now))
      expect(await db.query(stepsTaken)).toEqual(before)
      const known = (rows: Record<string, unknown>[]) =>
        rows.map(({ changed_xid: _, ...row }) => row)
      expect(known(await db.query(asked))).toEqual(known(calls))
      expect(await db.query(told)).toEqual(answers)
    })

  it('gives each of the five people something to do', async () => {
    const expected = {
      field: ['to_verify', 'to_check'],
      manager: ['to_verify', 'to_file', 'to_dispatch', 'to_check', 'requests', 'holds'],
      handler: ['mine', 'returned_to_me', 'department', 'escalated'],
      leader: ['escalated', 'overdue', 'requests', 'holds'],
      admin: ['to_verify', 'to_file', 'to_dispatch', 'to_check', 'requests', 'escalated'],
    }
    for (const [who, queues] of Object.entries(expected)) {
      const person = await personOf(`${who}@wangge.demo`)
      const counts = await ask<{ queues: { queue: string; count: number }[] }>(
        person,
        'select public.work_counts()',
      )
      const filled = counts.queues.filter(({ count }) => count > 0).map(({ queue }) => queue)
      expect(filled, who).toEqual(expect.arrayContaining(queues))
    }
    const field = await personOf('field@wangge.demo')
    for (const queue of ['to_verify', 'to_check']) {
      const { rows } = await ask<{ rows: { assignee: string; isGenerated: boolean }[] }>(
        field,
        'select public.work_queue($1, null, null, 1)',
        [queue],
      )
      expect(rows[0], queue).toMatchObject({ assignee: field, isGenerated: true })
    }
  })

  it('shows marked photos before and after, whose files the server may give out', async () => {
    const manager = await personOf('manager@wangge.demo')
    const { rows } = await ask<{ rows: { id: string }[] }>(
      manager,
      `select public.work_queue('to_check', null, null, 50)`,
    )
    const details = await Promise.all(
      rows.map(({ id }) =>
        ask<{
          log: { kind: string; isGenerated: boolean; data: { name?: string; photos?: string[] } }[]
          photos: { owner: string; hash: string; isGenerated: boolean; isChecked: boolean }[]
        }>(manager, 'select public.incident_detail($1)', [id]),
      ),
    )
    const shown = details.find(({ photos: found }) => found.length >= 2)!
    expect(new Set(shown.photos.map(({ hash }) => hash)).size).toBeGreaterThanOrEqual(2)
    for (const photo of shown.photos) {
      expect(photo).toMatchObject({ isGenerated: true, isChecked: true })
      const bytes = files.get(photoPath({ ...photo, mediaType: 'image/jpeg' }))!
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(photo.hash)
      const isGiven = await ask(manager, `select public.photo_to_read($1, $2, 'image/jpeg')`, [
        photo.owner,
        photo.hash,
      ])
      expect(isGiven).toBe(true)
    }
    const withPhotos = shown.log.filter(({ data }) => data.photos).map(({ data }) => data.name)
    expect(withPhotos).toEqual(['verify', 'handle'])
    expect(shown.log.map(({ kind, isGenerated }) => [kind, isGenerated])).toEqual(
      shown.log.map(({ kind }) => [kind, kind !== 'imported']),
    )
  })

  it('marks generated incidents in lists and on the map, and no others', async () => {
    const leader = await personOf('leader@wangge.demo')
    const marked = await db.query<{ id: string; lon: number; lat: number }>(
      'select id::text as id, lon, lat from public.incidents where is_generated order by id',
    )
    const [{ lon, lat } = { lon: 0, lat: 0 }] = marked
    const ids = new Set(marked.map(({ id }) => id))
    const zoom = 14
    const x = Math.floor(((lon + 180) / 360) * 2 ** zoom)
    const mercator = Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI
    const y = Math.floor(((1 - mercator) / 2) * 2 ** zoom)
    const tile = await ask<{ ids: string[]; stage: string }>(
      leader,
      `select public.incident_points(${zoom}, ${x}, ${y}, '{}')`,
    )
    const bits = [...Buffer.from(tile.stage, 'base64')].map((byte) => (byte & 32) !== 0)
    expect(bits).toContain(true)
    expect(bits).toContain(false)
    expect(bits).toEqual(tile.ids.map((id) => ids.has(id)))
    const list = await ask<{ rows: { id: string; isGenerated: boolean }[] }>(
      leader,
      `select public.incident_list('{}', 'reported_desc', null, 200)`,
    )
    expect(list.rows.map(({ isGenerated }) => isGenerated)).toEqual(
      list.rows.map(({ id }) => ids.has(id)),
    )
  })

  // the demo lives on PGlite; imports that repeat or move are tried on both elsewhere
  if (kind === 'pglite')
    it('moves an older demo to the present, and leaves alone what people have worked on', async () => {
      const field = await personOf('field@wangge.demo')
      const [some] = await db.query<{ id: string }>(
        `select i.id::text as id from public.incidents i join public.areas a on a.code = i.area_code
       where i.is_generated and i.state = 'dispatched' and a.parent_code = 'SF-N-19' order by i.id limit 1`,
      )
      const worked = kept.find(({ id }) => id === some!.id)!
      const stepsOfWorked = `select seq, kind, note from public.incident_log where incident_id = '${worked.id}' order by seq`
      const own = reportCommand(field, { lon: -122.4194, lat: 37.7599, photos: [] })
      const note = commandOf(field, 'add_note', { incidentId: worked.id, note: 'Still there' })
      const receipts = await applyCommands(db, field, [own, note])
      expect(receipts.map(({ outcome }) => outcome)).toEqual(['applied', 'applied'])
      const leader = await personOf('leader@wangge.demo')
      const { cursor } = await ask<{ cursor: string }>(leader, 'select public.incident_months()')
      const itsSteps = await db.query(stepsOfWorked)
      expect(itsSteps.at(-1)).toMatchObject({ kind: 'note', note: 'Still there' })
      const ofPeople = `select id, reported_at, month, version from public.incidents where source is null`
      const before = await db.query(ofPeople)
      const now = new Date().toISOString()

      const moved = await moveDemoToToday(db, { now, photos })
      const [anew] = await db.query<{ n: number; overdue: number; last: string }>(
        `select count(*)::int as n, count(*) filter (where due_at <= $1)::int as overdue,
         max(state_since)::text as last
       from public.incidents i left join (select incident_id, due_at from public.incident_work) w on w.incident_id = i.id where is_generated`,
        [now],
      )
      expect(anew!.n).toBeGreaterThanOrEqual(150)
      expect(anew!.overdue).toBeLessThan(anew!.n / 2)
      // steps end now, not ten weeks ago
      expect(Date.parse(now) - Date.parse(anew!.last)).toBeLessThan(dayMs / 24)
      const later = oracleRows(weeksAt(now), source)
      expect(moved).toMatchObject({ weeks: weeksAt(now), isOld: false, stayed: 1 })
      expect(moved.weeks - weeks).toBeGreaterThanOrEqual(9)
      expect(await db.query(wallClock)).toEqual(
        wallClockOf(later.map((row) => (row.id === worked.id ? worked : row))),
      )
      expect(await db.query(ofPeople)).toEqual(before)
      expect(await db.query(stepsOfWorked)).toEqual(itsSteps)
      await expect(db.query('delete from public.incident_log')).rejects.toThrow('append-only')
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

  if (kind === 'pglite')
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
        reasons: { ...reasons, changed_here: 1 },
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
