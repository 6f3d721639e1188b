-- The clocks of incidents.
--
-- A state of a workflow may name a clock. Entering it starts that clock, or goes on with the one of the same kind
-- and department: rework and reopening continue it, another department gets a new one. Leaving the state and a
-- hold let it rest; closing ends it. A clock keeps when it ran, so that its due time follows the calendar. Clocks
-- run in whole minutes: what starts in the minute 8:00 and has 4 hours is due at 12:00, not after the noon break.

alter table public.workflow_limits add constraint workflow_limits_limit_check
  check (private.is_limit(amount, unit, day_rule));
alter table public.condition_limits add constraint condition_limits_limit_check
  check (private.is_limit(amount, unit, day_rule));
alter table public.condition_milestones add constraint condition_milestones_limit_check
  check (private.is_limit(amount, unit, day_rule));

alter table public.workflows add constraint workflows_unsolved_limit_check
  check (private.is_limit(unsolved_amount, unsolved_unit, 'hours'));

-- 15 minutes to accept, to file and to dispatch and 30 for a field task, round the clock, as seen in cities.
insert into public.workflow_limits (workflow, clock, amount, unit)
select w.code, l.clock, l.amount, l.unit
from public.workflows w
cross join (values
  ('accept', 0.25, 'urgent_hour'),
  ('verify', 0.5, 'urgent_hour'),
  ('file', 0.25, 'urgent_hour'),
  ('dispatch', 0.25, 'urgent_hour'),
  ('handle', 5, 'work_day'),
  ('check', 4, 'work_hour')
) as l (clock, amount, unit)
where exists (select from public.workflow_stages s where s.workflow = w.code and s.clock = l.clock);

create table public.incident_clocks (
  district_code text not null,
  incident_id uuid not null,
  seq integer not null,
  kind text not null
    check (kind in ('accept', 'verify', 'file', 'dispatch', 'handle', 'check', 'milestone')),
  -- code of the condition's
  milestone text,
  department_code text,
  -- null where the limit runs round the clock, or the city has none
  calendar text,
  amount numeric not null,
  unit text not null,
  day_rule text not null,
  -- each adds the amount once more
  extensions smallint not null default 0,
  started_at timestamptz not null,
  -- when it ran, without the present run
  runs tstzmultirange not null default '{}',
  -- null while it rests
  running_since timestamptz,
  -- with extensions, in its own time; null beyond the calendar's years
  limit_seconds numeric,
  -- null while it rests and beyond the calendar's years
  due_at timestamptz,
  warn_at timestamptz,
  stopped_at timestamptz,
  -- in its own time; null while it runs, and beyond the calendar's years
  used_seconds numeric,
  -- a milestone that was reached never goes on
  is_reached boolean not null default false,
  primary key (district_code, incident_id, seq),
  constraint incident_clocks_incident_fkey
    foreign key (district_code, incident_id) references public.incidents (district_code, id),
  constraint incident_clocks_limit_check check (private.is_limit(amount, unit, day_rule)),
  constraint incident_clocks_milestone_check check ((kind = 'milestone') = (milestone is not null)),
  constraint incident_clocks_stopped_check check (stopped_at is null or running_since is null)
-- no index has what a turn or an edit of a calendar changes: with room in its page a row needs no new index entries
) with (fillfactor = 50);
create index incident_clocks_open_idx on public.incident_clocks (incident_id) where stopped_at is null;
-- those that a calendar moves
create index incident_clocks_calendar_idx on public.incident_clocks (incident_id)
  where stopped_at is null and unit in ('work_hour', 'work_day');

alter table public.incident_clocks enable row level security;
grant select on public.incident_clocks to authenticated;
create policy "Who sees an incident sees its clocks"
on public.incident_clocks for select to authenticated
using (exists (
  select 1 from public.incidents i
  where i.district_code = incident_clocks.district_code and i.id = incident_clocks.incident_id
));

-- Limit, used time, due and warning of a clock: one row. `p_amount` has the extensions. A warning comes at 75 % of
-- the limit, at the earliest when the clock goes on. The time of a clock that rests is known to its last run.
create or replace function private.clock_times(p_calendar text, p_amount numeric, p_unit text, p_day_rule text,
  p_started_at timestamptz, p_runs tstzmultirange, p_running_since timestamptz)
returns table (limit_seconds numeric, used_seconds numeric, due_at timestamptz, warn_at timestamptz)
language sql stable
begin atomic
  select l.seconds, u.seconds,
    case when private.is_round_the_clock(p_unit)
      then p_running_since + make_interval(secs => (l.seconds - u.seconds)::double precision)
      else (select w.at from private.work_until(
        p_calendar, p.cover_starts_at, p.cover_ends_at, p.seconds + l.seconds - u.seconds) w) end,
    case when u.seconds >= l.seconds * 0.75 then p_running_since
      when private.is_round_the_clock(p_unit)
      then p_running_since + make_interval(secs => (l.seconds * 0.75 - u.seconds)::double precision)
      else (select w.at from private.work_until(
        p_calendar, p.cover_starts_at, p.cover_ends_at, p.seconds + l.seconds * 0.75 - u.seconds) w) end
  from private.limit_of(p_calendar, p_started_at, p_amount, p_unit, p_day_rule) l
  cross join lateral (
    -- one run beyond the known years makes the sum unknown
    select case when count(*) = count(r.seconds) then coalesce(sum(r.seconds), 0) end as seconds
    from (
      select case when private.is_round_the_clock(p_unit) then extract(epoch from upper(x.run) - lower(x.run))
        else (select w.seconds from private.work_between(p_calendar, lower(x.run), upper(x.run)) w)
        end as seconds
      from unnest(p_runs) as x (run)
      offset 0) r) u
  left join lateral private.work_position(p_calendar, p_running_since) p on true;
end;

-- The limit of a kind for an incident: its condition's, else its workflow's.
create or replace function private.limit_for(p_workflow text, p_condition text, p_kind text)
returns table (amount numeric, unit text, day_rule text) language sql stable
begin atomic
  select l.amount, l.unit, l.day_rule
  from (
    select c.amount, c.unit, c.day_rule, 1 as n from public.condition_limits c
    where c.condition = p_condition and c.clock = p_kind
    union all
    select w.amount, w.unit, w.day_rule, 2 from public.workflow_limits w
    where w.workflow = p_workflow and w.clock = p_kind) l
  order by l.n limit 1;
end;

create type private.wanted_clock as (kind text, milestone text, amount numeric, unit text, day_rule text);

-- The clocks that run in the incident's state: none on hold or closed. The condition's milestones run with the
-- time to handle. Inlined.
create or replace function private.wanted_clocks(p_incident public.incidents)
returns setof private.wanted_clock language sql stable
begin atomic
  select w.kind, w.milestone, w.amount, w.unit, w.day_rule
  from public.workflow_stages s
  cross join lateral (
    select s.clock as kind, null::text as milestone, l.amount, l.unit, l.day_rule
    from private.limit_for((p_incident).workflow_code, (p_incident).condition_code, s.clock) l
    union all
    select 'milestone' as kind, m.code, m.amount, m.unit, m.day_rule
    from public.condition_milestones m
    where s.clock = 'handle' and m.condition = (p_incident).condition_code) w
  where s.workflow = (p_incident).workflow_code and s.code = (p_incident).state
    and not (p_incident).on_hold and private.is_open((p_incident).stage)
  order by w.kind, w.milestone;
end;

-- The first clocks of new reports, one for each whose first state has one.
create or replace function private.first_clocks(p_reports private.report[])
returns setof public.incident_clocks language sql stable set search_path = '' as $$
  select r.district_code, r.id, 1, s.clock, null, null, k.calendar, l.amount, l.unit, l.day_rule, 0::smallint,
    k.started_at, '{}'::tstzmultirange, k.started_at, t.limit_seconds, t.due_at, t.warn_at, null::timestamptz,
    null::numeric, false
  from unnest(p_reports) r
  join public.categories c on c.code = r.category_code
  join public.workflows w on w.code = c.workflow_code
  join public.workflow_stages s on s.workflow = w.code and s.code = w.first_state
  cross join lateral private.limit_for(w.code, null, s.clock) l
  cross join lateral (
    select date_trunc('minute', r.at) as started_at,
      case when not private.is_round_the_clock(l.unit) then private.calendar_of(r.area_code) end as calendar) k
  cross join lateral private.clock_times(
    k.calendar, l.amount, l.unit, l.day_rule, k.started_at, '{}', k.started_at) t
$$;

-- An incident after its transition. `effects` may extend the running clock or reach the milestone named; hold and
-- resume are read from the incident.
create type private.clock_turn as (
  incident public.incidents, effects text[], milestone text, at timestamptz);

-- Turns the clocks of different incidents, in one statement: those that an incident wants go on or start, others
-- rest, reached milestones and those of a closed incident stop. Computes the times of clocks that run or come to
-- rest. The incidents' update afterwards takes the due times into incident_work. A turn reads its clocks by their
-- key (offset 0): a join for any number of turns would read the whole table.
create or replace function private.turn_clocks(p_turns private.clock_turn[])
returns void language plpgsql set search_path = '' as $$
declare
  v_count integer;
begin
  with turns as materialized (
    select t.n, (t.incident).district_code, (t.incident).id as incident_id, (t.incident).area_code,
      (t.incident).department_code, private.is_open((t.incident).stage) as is_open,
      date_trunc('minute', t.at) as at, 'grant_extension' = any (t.effects) as is_extended,
      case when 'milestone' = any (t.effects) then t.milestone end as reached,
      array(select w from private.wanted_clocks(t.incident) w) as wanted
    from unnest(p_turns) with ordinality as t (incident, effects, milestone, at, n)
  ), standing as (
    select t.n, t.at, t.is_open, t.is_extended, r.is_reached, own.clock,
      not r.is_reached and c.department_code is not distinct from t.department_code and exists (
        select from unnest(t.wanted) w
        where w.kind = c.kind and w.milestone is not distinct from c.milestone) as runs
    from turns t
    cross join lateral (
      select k as clock from public.incident_clocks k
      where k.district_code = t.district_code and k.incident_id = t.incident_id
      offset 0) own
    cross join lateral (select (own.clock).*) c
    cross join lateral (
      select c.is_reached or c.stopped_at is null and coalesce(c.milestone = t.reached, false) as is_reached
      offset 0) r
  ), turned as materialized (
    select s.n, false as is_new, (c.district_code, c.incident_id, c.seq, c.kind, c.milestone, c.department_code,
      c.calendar, c.amount, c.unit, c.day_rule,
      c.extensions + (s.runs and s.is_extended and c.kind <> 'milestone')::integer,
      c.started_at,
      case when c.running_since is null or s.runs then c.runs
        else c.runs + tstzmultirange(tstzrange(c.running_since, greatest(s.at, c.running_since))) end,
      case when s.runs then coalesce(c.running_since, s.at) end,
      null, null, null,
      case when s.runs then null
        when c.stopped_at is null and (s.is_reached or not s.is_open) then s.at else c.stopped_at end,
      null, s.is_reached)::public.incident_clocks as clock
    from standing s
    cross join lateral (select (s.clock).*) c
    -- one that rested before has its times
    where s.runs or c.stopped_at is null and (c.used_seconds is null or s.is_reached or not s.is_open)
    union all
    select t.n, true, (t.district_code, t.incident_id, w.seq + (
        select coalesce(max(c.seq), 0) from public.incident_clocks c
        where c.district_code = t.district_code and c.incident_id = t.incident_id),
      w.kind, w.milestone, t.department_code,
      case when not private.is_round_the_clock(w.unit) then private.calendar_of(t.area_code) end,
      w.amount, w.unit, w.day_rule, (t.is_extended and w.kind <> 'milestone')::integer,
      t.at, '{}', t.at, null, null, null, null, null, false)::public.incident_clocks
    from turns t
    cross join lateral (
      select w.*, row_number() over (order by w.kind, w.milestone) as seq
      from unnest(t.wanted) w
      where not exists (
        select from public.incident_clocks c
        where c.district_code = t.district_code and c.incident_id = t.incident_id
          and c.kind = w.kind and c.milestone is not distinct from w.milestone
          and (c.is_reached or c.stopped_at is null and c.milestone = t.reached
            or c.department_code is not distinct from t.department_code))) w
  ), alike as materialized (
    -- clocks that are alike are computed once
    select k.is_new, (k.clock).calendar, (k.clock).amount, (k.clock).extensions, (k.clock).unit,
      (k.clock).day_rule, (k.clock).started_at, (k.clock).runs, (k.clock).running_since,
      array_agg(k.clock) as clocks
    from turned k
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
  ), timed as materialized (
    select a.is_new, x.district_code, x.incident_id, x.seq, x.kind, x.milestone, x.department_code,
      a.calendar, a.amount, a.unit, a.day_rule, a.extensions, a.started_at, a.runs, a.running_since,
      t.limit_seconds, t.due_at, t.warn_at, x.stopped_at,
      case when a.running_since is null then t.used_seconds end as used_seconds, x.is_reached
    from alike a
    cross join lateral private.clock_times(a.calendar, a.amount * (1 + a.extensions), a.unit, a.day_rule,
      a.started_at, a.runs, a.running_since) t
    cross join lateral unnest(a.clocks) x
  ), changed as (
    update public.incident_clocks c
    set extensions = k.extensions, runs = k.runs, running_since = k.running_since,
      limit_seconds = k.limit_seconds, due_at = k.due_at, warn_at = k.warn_at, stopped_at = k.stopped_at,
      used_seconds = k.used_seconds, is_reached = k.is_reached
    from timed k
    where not k.is_new and c.district_code = k.district_code and c.incident_id = k.incident_id and c.seq = k.seq
      and (c.extensions, c.runs, c.running_since, c.limit_seconds, c.due_at, c.warn_at, c.stopped_at,
        c.used_seconds, c.is_reached)
      is distinct from (k.extensions, k.runs, k.running_since, k.limit_seconds, k.due_at, k.warn_at,
        k.stopped_at, k.used_seconds, k.is_reached)
  ), started as (
    insert into public.incident_clocks (district_code, incident_id, seq, kind, milestone, department_code,
      calendar, amount, unit, day_rule, extensions, started_at, running_since, limit_seconds, due_at, warn_at)
    select k.district_code, k.incident_id, k.seq, k.kind, k.milestone, k.department_code,
      k.calendar, k.amount, k.unit, k.day_rule, k.extensions, k.started_at, k.running_since, k.limit_seconds,
      k.due_at, k.warn_at
    from timed k where k.is_new
  )
  select count(*) into v_count from timed;
end $$;

-- Gives the clocks the limits and the calendar of the incident's new category or area, with the same runs and
-- extensions. The incident's update afterwards takes the due time into incident_work.
create or replace function private.move_clocks(p_incident public.incidents, p_at timestamptz)
returns void language plpgsql set search_path = '' as $$
begin
  update public.incident_clocks c
  set amount = n.amount, unit = n.unit, day_rule = n.day_rule, used_seconds = null, calendar = case
    when not private.is_round_the_clock(n.unit) then private.calendar_of(p_incident.area_code) end
  from public.incident_clocks x
  left join lateral (
    select l.amount, l.unit, l.day_rule
    from private.limit_for(p_incident.workflow_code, p_incident.condition_code, x.kind) l
    union all
    select m.amount, m.unit, m.day_rule from public.condition_milestones m
    where m.condition = p_incident.condition_code and m.code = x.milestone) l on true
  cross join lateral (select coalesce(l.amount, x.amount) as amount, coalesce(l.unit, x.unit) as unit,
    coalesce(l.day_rule, x.day_rule) as day_rule) n
  where x.district_code = p_incident.district_code and x.incident_id = p_incident.id and x.stopped_at is null
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq;
  perform private.turn_clocks(array[(p_incident, '{}', null, p_at)::private.clock_turn]);
end $$;

-- How late a clock is at an instant. 2: past its time, 1: unknown beyond the calendar's years, 0: in time. Inlined.
create or replace function private.clock_lateness(
  p_due_at timestamptz, p_used_seconds numeric, p_limit_seconds numeric, p_at timestamptz)
returns integer language sql immutable parallel safe
return case when p_due_at < p_at or p_used_seconds > p_limit_seconds then 2
  when p_due_at is null and (p_used_seconds is null or p_limit_seconds is null) then 1 else 0 end;

-- Verdicts of the stopped clocks of a case, for private.verdict_query: two bits each for the worst of verifying,
-- filing, dispatch, handling, checking and of all (3: no clock), then one for whether it was verified. Null
-- without clocks. A case that is over changes no more: reading its clocks for each question takes too long.
create or replace function private.lateness_of(p_incident public.incidents)
returns smallint language plpgsql stable set search_path = '' as $$
begin
  return (
    select case when count(*) > 0 then
      coalesce(max(k.late) filter (where c.kind = 'verify'), 3)
      | (coalesce(max(k.late) filter (where c.kind in ('accept', 'file')), 3) << 2)
      | (coalesce(max(k.late) filter (where c.kind = 'dispatch'), 3) << 4)
      | (coalesce(max(k.late) filter (where c.kind = 'handle'), 3) << 6)
      | (coalesce(max(k.late) filter (where c.kind = 'check'), 3) << 8)
      | (max(k.late) << 10)
      | (coalesce(max(c.seq) filter (where c.kind = 'verify') < max(c.seq), false)::integer << 12) end
    from public.incident_clocks c
    cross join lateral (
      select private.clock_lateness(c.due_at, c.used_seconds, c.limit_seconds, null) as late) k
    where c.district_code = p_incident.district_code and c.incident_id = p_incident.id and c.kind <> 'milestone'
      -- a department that gave it back no longer has it to handle
      and (c.kind <> 'handle' or c.department_code is not distinct from p_incident.department_code));
end $$;

-- When the incident is due: null without a running clock, and beyond the calendar's years.
create or replace function private.due_of(p_incident public.incidents)
returns timestamptz language sql stable
return (select w.due_at from public.incident_work w
  where w.district_code = (p_incident).district_code and w.incident_id = (p_incident).id);

-- Says in the log that the due time moved, other than by a transition.
create or replace function private.log_clock_move(p_incident public.incidents, p_before timestamptz, p_actor uuid,
  p_command uuid, p_at timestamptz)
returns void language plpgsql set search_path = '' set timezone = 'UTC' as $$
declare
  v_due constant timestamptz := private.due_of(p_incident);
begin
  if v_due is distinct from p_before then
    perform private.append_log(p_incident, p_actor, p_command, p_at, 'clock_moved', '',
      jsonb_build_object('from', p_before, 'to', v_due), '[]');
  end if;
end $$;

-- Resumes what was held until an instant that has passed, at that instant, and says so in the log. Returns how
-- many. Every call of commands begins with it, so a replay resumes at the same place.
create or replace function private.resume_due(p_at timestamptz)
returns integer language plpgsql set search_path = '' as $$
declare
  v_old public.incidents;
  v_new public.incidents;
  v_resumed integer := 0;
begin
  for v_old in
    select * from public.incidents i where i.on_hold and i.hold_until <= p_at
    -- another call that holds one resumes it
    order by i.hold_until, i.id for no key update skip locked
  loop
    v_new := v_old;
    v_new.on_hold := false;
    v_new.hold_until := null;
    perform private.turn_clocks(array[(v_new, '{}', null, v_old.hold_until)::private.clock_turn]);
    update public.incidents i
    set on_hold = false, hold_until = null
    where i.district_code = v_old.district_code and i.id = v_old.id;
    perform private.append_log(v_old, null, null, v_old.hold_until, 'resumed', '', '{}', '[]');
    v_resumed := v_resumed + 1;
  end loop;
  return v_resumed;
end $$;

create type private.recomputed as (looked integer, moved integer);

-- The last incident of each batch of p_batch but the last, among those that private.recompute_clocks looks at.
create or replace function private.clock_batches(p_calendar text, p_batch integer)
returns setof uuid language sql stable set search_path = '' as $$
  select b.incident_id
  from (
    select d.incident_id, row_number() over (order by d.incident_id) as n
    from (
      select distinct c.incident_id from public.incident_clocks c
      where c.stopped_at is null and c.unit in ('work_hour', 'work_day')
        and (p_calendar is null or c.calendar = p_calendar)) d) b
  where b.n % p_batch = 0
  order by b.incident_id
$$;

-- Moves the open clocks in working time after an edit of a calendar, for incidents after p_after until p_until; null
-- has no bound. A null calendar means all, also those of an area that got another calendar. Returns how many
-- incidents were looked at and moved.
create or replace function private.recompute_clocks(p_calendar text, p_after uuid, p_until uuid, p_at timestamptz)
returns private.recomputed language plpgsql
set search_path = '' set timezone = 'UTC' set jit = off set enable_bitmapscan = off as $$
declare
  v_ids constant uuid[] := array(
    select distinct c.incident_id from public.incident_clocks c
    where c.stopped_at is null and c.unit in ('work_hour', 'work_day')
      and (p_calendar is null or c.calendar = p_calendar)
      and (p_after is null or c.incident_id > p_after) and (p_until is null or c.incident_id <= p_until)
    order by c.incident_id);
  -- the clocks of a batch are one range of their index
  v_first constant uuid := v_ids[1];
  v_last constant uuid := v_ids[cardinality(v_ids)];
  v_result private.recomputed;
begin
  -- as commands do, so that none sees half of it
  perform from public.incidents i where i.id = any (v_ids) order by i.id for no key update;
  if p_calendar is null then
    with places as materialized (
      select p.area_code, private.calendar_of(p.area_code) as calendar
      from (select distinct i.area_code from public.incidents i where i.id = any (v_ids)) p)
    update public.incident_clocks c set calendar = p.calendar
    from public.incidents i
    join places p on p.area_code = i.area_code
    where i.id = any (v_ids) and c.district_code = i.district_code and c.incident_id = i.id
      and c.incident_id between v_first and v_last
      and c.stopped_at is null and c.unit in ('work_hour', 'work_day') and c.calendar is distinct from p.calendar;
  end if;
  -- clocks that are alike are computed once
  with alike as materialized (
    select x.calendar, x.amount, x.extensions, x.unit, x.day_rule, x.started_at, x.runs, x.running_since,
      array_agg(x.ctid) as places
    from public.incident_clocks x
    where x.incident_id between v_first and v_last and x.stopped_at is null
      and x.unit in ('work_hour', 'work_day') and x.incident_id = any (v_ids)
    group by 1, 2, 3, 4, 5, 6, 7, 8
  ), timed as materialized (
    select a.places, t.limit_seconds, t.due_at, t.warn_at,
      case when a.running_since is null then t.used_seconds end as used_seconds
    from alike a
    cross join lateral private.clock_times(a.calendar, a.amount * (1 + a.extensions), a.unit, a.day_rule,
      a.started_at, a.runs, a.running_since) t
  )
  update public.incident_clocks c
  set limit_seconds = t.limit_seconds, due_at = t.due_at, warn_at = t.warn_at, used_seconds = t.used_seconds
  from timed t cross join lateral unnest(t.places) p (place)
  where c.ctid = p.place
    and (c.limit_seconds, c.due_at, c.warn_at, c.used_seconds)
      is distinct from (t.limit_seconds, t.due_at, t.warn_at, t.used_seconds);
  with earliest as materialized (
    select w.ctid as place, w.district_code, w.incident_id, w.due_at as before, c.due_at, c.warn_at, c.due_calendar
    from (
      select c.district_code, c.incident_id, min(c.due_at) as due_at, min(c.warn_at) as warn_at,
        (array_agg(c.calendar order by c.due_at, c.seq))[1] as due_calendar
      from public.incident_clocks c
      where c.incident_id between v_first and v_last and c.stopped_at is null and c.incident_id = any (v_ids)
      group by c.district_code, c.incident_id) c
    join public.incident_work w on w.district_code = c.district_code and w.incident_id = c.incident_id
    where (w.due_at, w.warn_at, w.due_calendar) is distinct from (c.due_at, c.warn_at, c.due_calendar)
  ), moved as (
    update public.incident_work w
    set due_at = e.due_at, warn_at = e.warn_at, due_calendar = e.due_calendar, changed_xid = pg_current_xact_id()::text::bigint
    from earliest e
    where w.ctid = e.place
  ), logged as (
    insert into public.incident_log (district_code, incident_id, seq, at, kind, data)
    select e.district_code, e.incident_id,
      1 + coalesce((select max(l.seq) from public.incident_log l
        where l.district_code = e.district_code and l.incident_id = e.incident_id), 0),
      p_at, 'clock_moved', jsonb_build_object('from', e.before, 'to', e.due_at)
    from earliest e where e.before is distinct from e.due_at
  )
  select count(*) into v_result.moved from earliest;
  v_result.looked := cardinality(v_ids);
  return v_result;
end $$;
