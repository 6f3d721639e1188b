-- Rates: how many of the incidents that were due were done, and in time.
--
-- Incidents without clocks count in none: those that were only imported, and those put right on the spot. Held
-- incidents leave every denominator, and so do those exempt by an appeal. Numbers are of what the caller sees.

-- finds earlier incidents at the same spot; numbers first, which are sorted in a third of the time of texts
create index incidents_spot_idx on public.incidents
  ((floor(lat * 1000)::integer), (floor(lon * 1000)::integer), category_code, reported_at);

-- all that private.verdict_query asks of cases that are over: a year is one scan of it, whatever the filter
create index incidents_rates_idx on public.incidents (month, area_code) include (category_code, department_code, stage,
  on_hold, workflow_code, channel, lateness, rework, extensions, is_repeat, reported_at, reported_by, qx, qy,
  district_code, id)
where lateness is not null;

-- Whether one of the same category and district was reported at the spot, within the category's radius for
-- duplicates, in the year before.
create or replace function private.has_earlier_at_spot(p_incident public.incidents)
returns boolean language sql stable set search_path = '' as $$
  select exists (
    select from public.categories c
    cross join lateral (select c.duplicate_radius_meters / 111195.0 as lat,
      c.duplicate_radius_meters / 111195.0 / cos(radians(p_incident.lat)) as lon) r
    join public.incidents o on o.district_code = p_incident.district_code and o.category_code = c.code
      and floor(o.lat * 1000)::integer = any (array(select generate_series(
        floor((p_incident.lat - r.lat) * 1000)::integer, floor((p_incident.lat + r.lat) * 1000)::integer)))
      and floor(o.lon * 1000)::integer = any (array(select generate_series(
        floor((p_incident.lon - r.lon) * 1000)::integer, floor((p_incident.lon + r.lon) * 1000)::integer)))
    where c.code = p_incident.category_code and c.duplicate_radius_meters > 0
      and o.reported_at >= p_incident.reported_at - interval '1 year' and o.reported_at < p_incident.reported_at
      -- metres on a sphere, flat at this distance
      and ((o.lat - p_incident.lat) * 111195) ^ 2
        + ((o.lon - p_incident.lon) * 111195 * cos(radians(p_incident.lat))) ^ 2 <= c.duplicate_radius_meters ^ 2
      and o.stage <> all ('{rejected,merged}'))
$$;

-- Says of an incident that is filed whether it is a repeat: looking at each would make the rate too slow.
create or replace function private.note_repeat()
returns trigger language plpgsql set search_path = '' as $$
begin
  new.is_repeat := private.has_earlier_at_spot(new);
  return new;
end $$;
create trigger note_repeat before update of stage on public.incidents
for each row when (old.stage = 'reported' and new.stage not in ('reported', 'rejected', 'merged'))
execute function private.note_repeat();

-- `counted` and `due` are conditions on the columns of a verdict `v`, see private.verdict_query. Where `counted`
-- holds, `due` holds.
create type private.rate_rule as (rate text, counted text, due text);

-- The one definition of each rate, in the order of the page. A stage is `in_time` or `late` when done, `overdue`
-- while past its time and not done, `running` while in time and not done. Names and formulas: CJ/T 292 and
-- GB/T 30428.4.
create or replace function private.rate_rules()
returns setof private.rate_rule language sql immutable set search_path = '' as $$
  select r.rate, r.counted, r.due
  from (
    select s.n * 10 + k.n as n, s.stage || k.suffix as rate, format(k.counted, s.stage) as counted,
      format(k.due, s.stage) as due
    from unnest('{verifying,filing,dispatch,handling,checking,closing}'::text[]) with ordinality as s (stage, n)
    cross join (values
      (1, '', 'v.%s in (''in_time'', ''late'')', 'v.%s in (''in_time'', ''late'', ''overdue'')'),
      (2, '_in_time', 'v.%s = ''in_time''', 'v.%s in (''in_time'', ''late'', ''overdue'')'),
      (3, '_overdue', 'v.%s in (''late'', ''overdue'')', 'v.%s in (''in_time'', ''late'', ''overdue'')')
    ) as k (n, suffix, counted, due)
    where (s.stage, k.n) not in (('filing', 2), ('filing', 3))
    union all
    -- filing is judged by what was filed
    values
      (22, 'filing_in_time', 'v.filing = ''in_time''', 'v.filing in (''in_time'', ''late'')'),
      (23, 'filing_overdue', 'v.filing = ''late''', 'v.filing in (''in_time'', ''late'')'),
      (64, 'closing_late', 'v.closing = ''late''', 'v.closing in (''in_time'', ''late'', ''overdue'')'),
      (71, 'not_closed', 'v.is_open', 'true'),
      (72, 'rework', 'v.is_rework and v.closing in (''in_time'', ''late'', ''overdue'')',
        'v.closing in (''in_time'', ''late'', ''overdue'')'),
      (73, 'extension', 'v.is_extended and v.handling in (''in_time'', ''late'', ''overdue'')',
        'v.handling in (''in_time'', ''late'', ''overdue'')'),
      (74, 'repeat', 'v.is_repeat', 'v.is_filed'),
      (75, 'valid', 'v.is_filed', 'v.is_filed or v.is_rejected'),
      (76, 'found_by_public', 'v.is_filed and v.is_public', 'v.is_filed')
  ) r
  order by r.n
$$;

-- Counts incidents with clocks by their verdicts and what charts group by, for a scope and a filter. $1 is the
-- instant at which a running clock is judged. `p_month` is an expression on incidents `i`, null for all months
-- together. `p_join` joins `i` to more of what that expression needs; an incident is counted once for each of its rows.
-- `p_brief` leaves out department, channel, rework, extension and repeat, so that there are fewer kinds to judge.
create or replace function private.verdict_query(
  p_scope private.incident_scope, p_filter private.incident_filter, p_month text, p_join text default '',
  p_brief boolean default false)
returns text language sql stable set search_path = '' as $$
  select format($q$
    with over as (
      -- few kinds among many rows: counted as they lie in incidents_rates_idx, without a look at the table
      select %3$s as month, i.stage, i.on_hold, %5$s as department_code, i.workflow_code, %6$s as channel, i.lateness,
        %7$s as flags, count(*) as n
      from public.incidents i %4$s
      where i.lateness is not null and %1$s and %2$s
        -- a granted appeal of its newest closing; not in: asked once of the few appeals, not of each incident
        and (i.district_code, i.id) not in (
          select x.district_code, x.incident_id from public.appeals x
          where x.is_granted and x.closing = private.closing_of(x.district_code, x.incident_id))
      group by 1, 2, 3, 4, 5, 6, 7, 8
    ), clocked as (
      select o.month, o.stage, o.on_hold, o.department_code, o.flags & 1 = 1 as is_rework,
        o.flags >> 1 & 1 = 1 as is_extended, o.flags >> 2 & 1 = 1 as is_repeat, o.workflow_code, o.channel,
        nullif(o.lateness & 3, 3) as verifying, nullif(o.lateness >> 2 & 3, 3) as filing,
        nullif(o.lateness >> 4 & 3, 3) as dispatch, nullif(o.lateness >> 6 & 3, 3) as handling,
        nullif(o.lateness >> 8 & 3, 3) as checking, o.lateness >> 10 & 3 as closing, null::integer as now,
        o.lateness >> 12 & 1 = 1 as is_verified, false as is_checked_now, o.n
      from over o
      union all
      select %3$s as month, i.stage, i.on_hold, %5$s as department_code, i.rework > 0 as is_rework,
        i.extensions > 0 as is_extended, i.is_repeat, i.workflow_code, %6$s as channel,
        max(k.late) filter (where c.kind = 'verify') as verifying,
        max(k.late) filter (where c.kind in ('accept', 'file')) as filing,
        max(k.late) filter (where c.kind = 'dispatch') as dispatch,
        max(k.late) filter (where c.kind = 'handle') as handling,
        max(k.late) filter (where c.kind = 'check') as checking,
        max(k.late) as closing,
        max(k.late) filter (where c.running_since is not null) as now,
        max(c.seq) filter (where c.kind = 'verify') < max(c.seq) as is_verified,
        coalesce(bool_or(c.running_since is not null) filter (where c.kind = 'check'), false) as is_checked_now,
        1 as n
      from public.incidents i %4$s
      join public.incident_clocks c on c.district_code = i.district_code and c.incident_id = i.id
      cross join lateral (
        select private.clock_lateness(c.due_at, c.used_seconds, c.limit_seconds, $1) as late) k
      -- a department that gave it back no longer has it to handle
      where c.kind <> 'milestone' and (c.kind <> 'handle' or c.department_code is not distinct from i.department_code)
        and private.is_open(i.stage) and %1$s and %2$s
      group by 1, i.district_code, i.id
    ), alike as (
      -- there are few kinds: each is judged once
      select k.month, k.stage, k.on_hold, k.department_code, k.is_rework, k.is_extended, k.is_repeat,
        k.workflow_code, k.channel, k.verifying, k.filing, k.dispatch, k.handling, k.checking, k.closing, k.now,
        k.is_verified, k.is_checked_now, sum(k.n) as n
      from clocked k
      group by k.month, k.stage, k.on_hold, k.department_code, k.is_rework, k.is_extended, k.is_repeat,
        k.workflow_code, k.channel, k.verifying, k.filing, k.dispatch, k.handling, k.checking, k.closing, k.now,
        k.is_verified, k.is_checked_now
    ), judged as (
      select k.*, private.is_open(k.stage) as is_open, k.stage = 'rejected' as is_rejected,
        k.stage in ('filed', 'dispatched', 'handled', 'closed') as is_filed,
        private.stage_verdict(k.verifying, k.is_verified,
          k.is_verified or private.is_open(k.stage)) as verifying_verdict,
        private.stage_verdict(k.filing, k.stage in ('filed', 'dispatched', 'handled', 'closed'),
          private.is_counted(k.stage)) as filing_verdict,
        private.stage_verdict(k.dispatch, k.stage in ('dispatched', 'handled', 'closed'),
          private.is_counted(k.stage)) as dispatch_verdict,
        private.stage_verdict(k.handling, k.stage in ('handled', 'closed'),
          private.is_counted(k.stage)) as handling_verdict,
        private.stage_verdict(k.checking, not k.is_checked_now, private.is_counted(k.stage)) as checking_verdict,
        private.stage_verdict(case when k.stage = 'closed' then k.closing else k.now end, k.stage = 'closed',
          private.is_counted(k.stage)) as closing_verdict
      from alike k
    )
    select j.on_hold, j.department_code, j.is_open, j.is_filed, j.is_rejected, j.is_rework, j.is_extended,
      j.verifying_verdict as verifying, j.filing_verdict as filing, j.dispatch_verdict as dispatch,
      j.handling_verdict as handling, j.checking_verdict as checking, j.closing_verdict as closing,
      j.channel <> all (coalesce(w.trusted_channels, '{app}')) as is_public,
      j.is_filed and j.is_repeat as is_repeat, j.month,
      sum(j.n)::bigint as n
    from judged j
    join public.workflows w on w.code = j.workflow_code
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    $q$,
    private.scope_condition(p_scope, 'i'), private.filter_condition(p_filter), coalesce(p_month, 'null::date'),
    p_join, case when p_brief then 'null::text' else 'i.department_code' end,
    case when p_brief then 'null::text' else 'i.channel' end, case when p_brief then '0'
      else '(i.rework > 0)::integer | ((i.extensions > 0)::integer << 1) | (i.is_repeat::integer << 2)' end)
$$;

-- A stage's verdict; null where it does not count or its time is unknown. `p_late` is null without a clock.
create or replace function private.stage_verdict(p_late integer, p_is_done boolean, p_is_counted boolean)
returns text language sql immutable parallel safe
return case when not p_is_counted then null
  when p_late = 2 then case when p_is_done then 'late' else 'overdue' end
  when p_late = 0 then case when p_is_done then 'in_time' else 'running' end end;

-- Rejected and merged incidents leave the denominators of stages.
create or replace function private.is_counted(p_stage text)
returns boolean language sql immutable parallel safe
return p_stage not in ('rejected', 'merged');

-- The rates of a scope and a filter at an instant.
create or replace function private.rates_at(p_filter jsonb, p_at timestamptz)
returns jsonb language plpgsql stable security definer set search_path = '' set timezone = 'UTC'
-- hashes halve the time of half a million incidents: keys in order lie anywhere in the tables, and there are few
-- kinds to count
set max_parallel_workers_per_gather = 0 set work_mem = '64MB' set enable_mergejoin = off
set enable_sort = off set jit = off as $$
declare
  v_result jsonb;
begin
  execute format($q$
    with verdicts as materialized (%s), v as (
      select * from verdicts where not on_hold
    )
    select jsonb_build_object('asOf', $1,
      'counted', (select coalesce(sum(n), 0) from v),
      'held', (select coalesce(sum(n), 0) from verdicts where on_hold),
      'rates', (select jsonb_agg(jsonb_build_object('rate', r.rate, 'numerator', r.numerator,
          'denominator', r.denominator) order by r.ordinality)
        from (select %s from v) sums
        cross join lateral unnest($2, sums.numerators, sums.denominators) with ordinality
          as r (rate, numerator, denominator, ordinality)),
      'stages', (select coalesce(jsonb_agg(jsonb_build_object('stage', s.stage, 'inTime', s.in_time,
          'overdue', s.overdue, 'running', s.running) order by s.n), '[]')
        from (
          select x.stage, x.n, coalesce(sum(v.n) filter (where x.verdict = 'in_time'), 0) as in_time,
            coalesce(sum(v.n) filter (where x.verdict in ('late', 'overdue')), 0) as overdue,
            coalesce(sum(v.n) filter (where x.verdict = 'running'), 0) as running
          from v cross join lateral (values (1, 'verifying', v.verifying), (2, 'filing', v.filing),
            (3, 'dispatch', v.dispatch), (4, 'handling', v.handling), (5, 'checking', v.checking),
            (6, 'closing', v.closing)) as x (n, stage, verdict)
          group by x.stage, x.n) s),
      'departments', (select coalesce(jsonb_agg(jsonb_build_object('departmentCode', d.department_code,
          'numerator', d.in_time, 'denominator', d.due) order by d.due desc, d.department_code), '[]')
        from (
          select v.department_code, coalesce(sum(v.n) filter (where %s), 0) as in_time, sum(v.n) as due
          from v where v.department_code is not null and %s group by v.department_code) d))
    $q$,
    private.verdict_query(private.resolve_scope(), private.parse_filter(p_filter), null),
    (select format('array[%s] as numerators, array[%s] as denominators',
        string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.counted), ', ' order by r.ordinality),
        string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.due), ', ' order by r.ordinality))
      from private.rate_rules() with ordinality r),
    (select r.counted from private.rate_rules() r where r.rate = 'handling_in_time'),
    (select r.due from private.rate_rules() r where r.rate = 'handling_in_time'))
  into v_result using p_at, array(select r.rate from private.rate_rules() r);
  return v_result;
end $$;

create or replace function private.incident_rates(p_filter jsonb)
returns jsonb language sql stable security definer set search_path = '' as $$
  select private.rates_at(p_filter, now())
$$;

-- The main rates of a scope and a filter by month of the report, at an instant.
create or replace function private.monthly_rates_at(p_filter jsonb, p_at timestamptz)
returns jsonb language plpgsql stable security definer set search_path = '' set timezone = 'UTC'
set max_parallel_workers_per_gather = 0 set work_mem = '64MB' set enable_mergejoin = off
set enable_sort = off set jit = off as $$
declare
  v_rates constant text[] := '{filing_in_time,dispatch_in_time,handling_in_time,checking_in_time,closing_in_time,rework}';
  v_result jsonb;
begin
  execute format($q$
    with v as (
      select * from (%s) verdicts where not on_hold
    )
    select jsonb_build_object('asOf', $1, 'months', coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m.month, 'YYYY-MM'), 'rates', (
        select jsonb_agg(jsonb_build_object('rate', r.rate, 'numerator', r.numerator, 'denominator', r.denominator)
          order by r.ordinality)
        from unnest($2, m.numerators, m.denominators) with ordinality
          as r (rate, numerator, denominator, ordinality))) order by m.month), '[]'))
    from (select v.month, %s from v group by v.month) m
    $q$,
    private.verdict_query(private.resolve_scope(), private.parse_filter(p_filter), 'i.month'),
    (select format('array[%s] as numerators, array[%s] as denominators',
        string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.counted), ', ' order by w.n),
        string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.due), ', ' order by w.n))
      from unnest(v_rates) with ordinality w (rate, n)
      join private.rate_rules() r on r.rate = w.rate))
  into v_result using p_at, v_rates;
  return v_result;
end $$;

create or replace function private.monthly_rates(p_filter jsonb)
returns jsonb language sql stable security definer set search_path = '' as $$
  select private.monthly_rates_at(p_filter, now())
$$;

-- Rates of the incidents under a filter that went through the workflow, each with numerator and denominator. A
-- running clock is judged now: in time it counts nowhere, past its time it is due and late.
-- Returns `{asOf, counted, held, rates: [{rate, numerator, denominator}], stages: [{stage, inTime, overdue,
-- running}], departments: [{departmentCode, numerator, denominator}]}`. `counted` incidents have clocks and are
-- not held; `held` have clocks and are left out. `departments` are handled in time ÷ due to handle.
-- Errors: 42501; 22023 for a wrong filter.
create or replace function public.incident_rates(p_filter jsonb)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_rates(p_filter)
$$;

-- The main rates of incident_rates by month of the report: filed, dispatched, handled, checked and closed in
-- time, and rework. A month without incidents that went through the workflow is left out.
-- Returns `{asOf, months: [{month, rates: [{rate, numerator, denominator}]}]}`; `month` is `YYYY-MM`.
-- Errors: 42501; 22023 for a wrong filter.
create or replace function public.monthly_rates(p_filter jsonb)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.monthly_rates(p_filter)
$$;
grant execute on function private.incident_rates(jsonb), public.incident_rates(jsonb),
  private.monthly_rates(jsonb), public.monthly_rates(jsonb)
to authenticated;
