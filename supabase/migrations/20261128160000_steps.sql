CREATE OR REPLACE FUNCTION private.calendar_of(p_area text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select c.code
    from public.calendars c
    -- looked up for the few calendars: a join reads all areas
    left join lateral (select a.path from public.areas a where a.code = c.area_code offset 0) a on true
    where c.area_code is null
      or private.is_within((select own.path from public.areas own where own.code = p_area), a.path)
    order by length(a.path) desc nulls last limit 1);
end $function$;

CREATE OR REPLACE FUNCTION private.turn_clocks(p_turns private.clock_turn[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
  ), timed as materialized (
    select k.n, k.is_new, x.district_code, x.incident_id, x.seq, x.kind, x.milestone, x.department_code,
      x.calendar, x.amount, x.unit, x.day_rule, x.extensions, x.started_at, x.runs, x.running_since,
      t.limit_seconds, t.due_at, t.warn_at, x.stopped_at,
      case when x.running_since is null then t.used_seconds end as used_seconds, x.is_reached
    from turned k
    cross join lateral (select (k.clock).*) x
    cross join lateral private.clock_times(x.calendar, x.amount * (1 + x.extensions), x.unit, x.day_rule,
      x.started_at, x.runs, x.running_since) t
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
end $function$;
