import { withoutIndexes, type BenchDatabase } from './database.ts'

/** Five clocks an incident: those of open ones run, one in ten ended late. */
export async function giveClocks({ db }: BenchDatabase): Promise<void> {
  await db.exec(`
    insert into public.incident_clocks (district_code, incident_id, seq, kind, department_code, amount, unit,
      day_rule, started_at, running_since, due_at, limit_seconds, used_seconds, stopped_at)
    select i.district_code, i.id, k.seq, k.kind, case when k.kind = 'handle' then i.department_code end, 4,
      'urgent_hour', 'hours', i.reported_at,
      case when k.seq = o.last then i.reported_at end,
      case when k.seq = o.last then now() + make_interval(mins => (i.qx * 7 + i.qy) % 4000 - 2000) end, 14400,
      case when k.seq < o.last then case when (i.qx + i.qy + k.seq) % 10 = 0 then 20000 else 5000 end end,
      i.closed_at
    from public.incidents i
    cross join lateral (select case when private.is_open(i.stage) then 3 else 5 end as last) o
    join (values (1, 'accept'), (2, 'dispatch'), (3, 'handle'), (4, 'check')) as k (seq, kind)
      on k.seq <= o.last`)
  // what the steps would have kept
  await db.exec(`alter table public.incidents disable trigger user`)
  await withoutIndexes(db, 'public.incidents', () =>
    db.exec(`update public.incidents i set lateness = private.lateness_of(i)
      where not private.is_open(i.stage)`),
  )
  await db.exec(`alter table public.incidents enable trigger user`)
  await db.exec('vacuum analyze public.incident_clocks')
  await db.exec('vacuum analyze public.incidents')
}

const people = 300

/**
 * The steps of every incident in its log, as far as its stage: reported, filed, dispatched, handled, closed; one
 * in twenty dispatches is given back and made again. A third of the 300 people are grid managers, the others
 * field staff; each took the steps of many incidents.
 */
export async function giveSteps({ db }: BenchDatabase): Promise<void> {
  await db.exec(`
    insert into public.profiles (user_id, display_name)
    select ('10000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Person ' || n
    from generate_series(1, ${people}) n`)
  await db.exec(`
    insert into public.memberships (user_id, role, area_code)
    select ('10000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
      case when n % 3 = 0 then 'grid_manager' else 'field_staff' end, a.codes[1 + n % cardinality(a.codes)]
    from generate_series(1, ${people}) n
    cross join (select array_agg(code order by code) as codes from public.areas where level = 'grid') a`)
  await withoutIndexes(db, 'public.incident_log', () =>
    db.exec(`
    insert into public.incident_log (district_code, incident_id, seq, at, actor, kind, stage_from, stage_to, data)
    select i.district_code, i.id, s.seq, i.reported_at + make_interval(hours => s.seq),
      ('10000000-0000-4000-8000-' || lpad((1 + (i.qx * 31 + i.qy + s.seq * 7) % ${people})::text, 12, '0'))::uuid,
      'transition', s.stage_from, s.stage_to, jsonb_build_object('name', s.name, 'from', s.from_state, 'to', s.to_state)
    from public.incidents i
    join (values
      (1, 'file', 'reported', 'reported', 'filed', 'filed', 1), (2, 'dispatch', 'filed', 'filed', 'dispatched', 'dispatched', 2),
      (3, 'return', 'dispatched', 'dispatched', 'filed', 'returned', 2),
      (4, 'dispatch', 'filed', 'returned', 'dispatched', 'dispatched', 2),
      (5, 'handle', 'dispatched', 'dispatched', 'handled', 'handled', 3), (6, 'close', 'handled', 'handled', 'closed', 'closed', 4))
      as s (seq, name, stage_from, from_state, stage_to, to_state, least)
      on s.least <= case i.stage when 'filed' then 1 when 'dispatched' then 2 when 'closed' then 4 else 0 end
        and (s.seq not in (3, 4) or (i.qx + i.qy) % 20 = 0)`),
  )
  await db.exec('vacuum analyze public.incident_log')
}

/** Answers about one in five of the closed. */
export async function giveRatings({ db }: BenchDatabase, asker: string): Promise<void> {
  await db.exec(`alter table public.ratings disable trigger user`)
  await db.query(
    `insert into public.ratings (district_code, incident_id, closing, way, responded, solved, satisfied, unsolved,
      asked_by, at, closed_at, closed_month, department_code, area_code, category_code, changed_xid)
     select i.district_code, i.id, 1, 'callback', (i.qx + i.qy) % 10 > 0, (i.qx + i.qy) % 7 > 0, 1 + (i.qx + i.qy) % 5,
       case when (i.qx + i.qy) % 7 = 0 then 'none' end, $1::text::uuid, i.closed_at, i.closed_at,
       date_trunc('month', i.closed_at)::date, i.department_code, i.area_code, i.category_code, 1
     from public.incidents i where i.stage = 'closed' and (i.qx * 7 + i.qy) % 5 = 0`,
    [asker],
  )
  await db.exec(`alter table public.ratings enable trigger user`)
  await db.exec('vacuum analyze public.ratings')
}
