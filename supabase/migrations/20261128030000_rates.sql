alter table public.incidents add column is_repeat boolean not null default false;

create type private.rate_rule as (rate text, counted text, due text);

CREATE OR REPLACE FUNCTION private.with_due(p_incident public.incidents)
 RETURNS public.incidents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_new public.incidents := p_incident;
begin
  update public.incident_clocks c
  set limit_seconds = t.limit_seconds, due_at = t.due_at, warn_at = t.warn_at,
    used_seconds = case when x.running_since is null then t.used_seconds end
  from public.incident_clocks x
  cross join lateral private.clock_times(x) t
  where x.district_code = p_incident.district_code and x.incident_id = p_incident.id and x.stopped_at is null
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq
    and (x.limit_seconds, x.due_at, x.warn_at, x.used_seconds) is distinct from (t.limit_seconds, t.due_at,
      t.warn_at, case when x.running_since is null then t.used_seconds end);
  select min(c.due_at), min(c.warn_at) into v_new.due_at, v_new.warn_at
  from public.incident_clocks c
  where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
    and c.running_since is not null;
  return v_new;
end $function$;

CREATE OR REPLACE FUNCTION private.recompute_clocks(p_calendar text, p_batch integer, p_after uuid, p_at timestamp with time zone)
 RETURNS private.recomputed
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET jit TO 'off'
 SET enable_bitmapscan TO 'off'
AS $function$
declare
  v_ids uuid[];
  v_result private.recomputed;
begin
  v_ids := array(
    select distinct c.incident_id from public.incident_clocks c
    where c.stopped_at is null and c.unit in ('work_hour', 'work_day')
      and (p_calendar is null or c.calendar = p_calendar) and (p_after is null or c.incident_id > p_after)
    order by c.incident_id limit p_batch);
  -- as commands do, so that none sees half of it
  perform from public.incidents i where i.id = any (v_ids) order by i.id for no key update;
  with places as materialized (
    select p.area_code, private.calendar_of(p.area_code) as calendar
    from (select distinct i.area_code from public.incidents i where i.id = any (v_ids)) p)
  update public.incident_clocks c set calendar = p.calendar
  from public.incidents i
  join places p on p.area_code = i.area_code
  where i.id = any (v_ids) and c.district_code = i.district_code and c.incident_id = i.id
    and c.stopped_at is null and c.unit in ('work_hour', 'work_day') and c.calendar is distinct from p.calendar;
  update public.incident_clocks c
  set limit_seconds = t.limit_seconds, due_at = t.due_at, warn_at = t.warn_at,
    used_seconds = case when x.running_since is null then t.used_seconds end
  from public.incident_clocks x
  cross join lateral private.clock_times(x) t
  where x.incident_id = any (v_ids) and x.stopped_at is null and x.unit in ('work_hour', 'work_day')
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq
    and (x.limit_seconds, x.due_at, x.warn_at, x.used_seconds) is distinct from (t.limit_seconds, t.due_at,
      t.warn_at, case when x.running_since is null then t.used_seconds end);
  with earliest as materialized (
    select i.district_code, i.id, i.due_at as before, min(c.due_at) as due_at, min(c.warn_at) as warn_at
    from public.incidents i
    left join public.incident_clocks c on c.district_code = i.district_code and c.incident_id = i.id
      and c.stopped_at is null
    where i.id = any (v_ids)
    group by i.district_code, i.id
    having (i.due_at, i.warn_at) is distinct from (min(c.due_at), min(c.warn_at))
  ), moved as (
    update public.incidents i set due_at = e.due_at, warn_at = e.warn_at
    from earliest e
    where i.district_code = e.district_code and i.id = e.id
  ), logged as (
    insert into public.incident_log (district_code, incident_id, seq, at, kind, data)
    select e.district_code, e.id,
      1 + coalesce((select max(l.seq) from public.incident_log l
        where l.district_code = e.district_code and l.incident_id = e.id), 0),
      p_at, 'clock_moved', jsonb_build_object('from', e.before, 'to', e.due_at)
    from earliest e where e.before is distinct from e.due_at
  )
  select count(*) into v_result.moved from earliest;
  v_result.looked := cardinality(v_ids);
  v_result.next := case when v_result.looked = p_batch then v_ids[p_batch] end;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.has_earlier_at_spot(p_incident public.incidents)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select exists (
    select from public.incidents o
    where o.district_code = p_incident.district_code and o.category_code = p_incident.category_code
      -- 50 m are 0.00045 degrees of latitude
      and floor(o.lat * 1000)::integer = any (array[
        floor((p_incident.lat - 0.00045) * 1000)::integer, floor((p_incident.lat + 0.00045) * 1000)::integer])
      and floor(o.lon * 1000)::integer between
        floor((p_incident.lon - 0.00045 / cos(radians(p_incident.lat))) * 1000)::integer
        and floor((p_incident.lon + 0.00045 / cos(radians(p_incident.lat))) * 1000)::integer
      and o.reported_at >= p_incident.reported_at - interval '1 year' and o.reported_at < p_incident.reported_at
      -- metres on a sphere, flat at this distance
      and ((o.lat - p_incident.lat) * 111195) ^ 2
        + ((o.lon - p_incident.lon) * 111195 * cos(radians(p_incident.lat))) ^ 2 <= 2500
      and o.stage <> all ('{rejected,merged}'))
$function$;

CREATE OR REPLACE FUNCTION private.note_repeat()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.is_repeat := private.has_earlier_at_spot(new);
  return new;
end $function$;

CREATE OR REPLACE FUNCTION private.rate_rules()
 RETURNS SETOF private.rate_rule
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION private.verdict_query(p_scope private.incident_scope, p_filter private.incident_filter)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select format($q$
    with clocked as (
      select i.stage, i.on_hold, i.department_code, i.rework > 0 as is_rework, i.extensions > 0 as is_extended,
        i.is_repeat, i.workflow_code, i.channel,
        -- 2: past its time, 1: unknown beyond the calendar's years, 0: in time
        max(k.late) filter (where c.kind = 'verify') as verifying,
        max(k.late) filter (where c.kind in ('accept', 'file')) as filing,
        max(k.late) filter (where c.kind = 'dispatch') as dispatch,
        max(k.late) filter (where c.kind = 'handle') as handling,
        max(k.late) filter (where c.kind = 'check') as checking,
        max(k.late) as closing,
        max(k.late) filter (where c.running_since is not null) as now,
        max(c.seq) filter (where c.kind = 'verify') < max(c.seq) as is_verified,
        coalesce(bool_or(c.running_since is not null) filter (where c.kind = 'check'), false) as is_checked_now
      from public.incidents i
      join public.incident_clocks c on c.district_code = i.district_code and c.incident_id = i.id
      cross join lateral (
        select case when c.due_at < $1 or c.used_seconds > c.limit_seconds then 2
          when c.due_at is null and (c.used_seconds is null or c.limit_seconds is null) then 1 else 0 end as late) k
      -- a department that gave it back no longer has it to handle
      where c.kind <> 'milestone' and (c.kind <> 'handle' or c.department_code is not distinct from i.department_code)
        and %1$s and %2$s
      group by i.district_code, i.id
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
      from clocked k
    )
    select j.on_hold, j.department_code, j.is_open, j.is_filed, j.is_rejected, j.is_rework, j.is_extended,
      j.verifying_verdict as verifying, j.filing_verdict as filing, j.dispatch_verdict as dispatch,
      j.handling_verdict as handling, j.checking_verdict as checking, j.closing_verdict as closing,
      j.channel <> all (coalesce(w.trusted_channels, '{app}')) as is_public,
      j.is_filed and j.is_repeat as is_repeat,
      count(*) as n
    from judged j
    join public.workflows w on w.code = j.workflow_code
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    $q$,
    private.scope_condition(p_scope, 'i'), private.filter_condition(p_filter))
$function$;

CREATE OR REPLACE FUNCTION private.stage_verdict(p_late integer, p_is_done boolean, p_is_counted boolean)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (NOT p_is_counted) THEN NULL::text WHEN (p_late = 2) THEN CASE WHEN p_is_done THEN 'late'::text ELSE 'overdue'::text END WHEN (p_late = 0) THEN CASE WHEN p_is_done THEN 'in_time'::text ELSE 'running'::text END ELSE NULL::text END;

CREATE OR REPLACE FUNCTION private.is_counted(p_stage text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (p_stage <> ALL (ARRAY['rejected'::text, 'merged'::text]));

CREATE OR REPLACE FUNCTION private.rates_at(p_filter jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '64MB'
 SET enable_mergejoin TO 'off'
AS $function$
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
      'stages', (select jsonb_agg(jsonb_build_object('stage', s.stage, 'inTime', s.in_time, 'overdue', s.overdue,
          'running', s.running) order by s.n)
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
    private.verdict_query(private.resolve_scope(), private.parse_filter(p_filter)),
    (select format('array[%s] as numerators, array[%s] as denominators',
        string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.counted), ', ' order by r.ordinality),
        string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.due), ', ' order by r.ordinality))
      from private.rate_rules() with ordinality r),
    (select r.counted from private.rate_rules() r where r.rate = 'handling_in_time'),
    (select r.due from private.rate_rules() r where r.rate = 'handling_in_time'))
  into v_result using p_at, array(select r.rate from private.rate_rules() r);
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.incident_rates(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select private.rates_at(p_filter, now())
$function$;

CREATE OR REPLACE FUNCTION public.incident_rates(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select private.incident_rates(p_filter)
$function$;

CREATE INDEX incidents_spot_idx ON public.incidents USING btree (district_code, category_code, ((floor((lat * (1000)::double precision)))::integer), ((floor((lon * (1000)::double precision)))::integer), reported_at);

CREATE TRIGGER note_repeat BEFORE UPDATE OF stage ON public.incidents FOR EACH ROW WHEN (((old.stage = 'reported'::text) AND (new.stage <> ALL (ARRAY['reported'::text, 'rejected'::text, 'merged'::text])))) EXECUTE FUNCTION private.note_repeat();

revoke all on function private.incident_rates(jsonb) from public, anon, authenticated, service_role;

grant execute on function private.incident_rates(jsonb) to authenticated;

revoke all on function public.incident_rates(jsonb) from public, anon, authenticated, service_role;

grant execute on function public.incident_rates(jsonb) to authenticated;

-- clocks that rest now say how much they used
update public.incident_clocks c set used_seconds = t.used_seconds
from public.incident_clocks x
cross join lateral private.clock_times(x) t
where x.stopped_at is null and x.running_since is null
  and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq;

-- and what is filed, whether it is a repeat
update public.incidents i set is_repeat = true
where i.stage in ('filed', 'dispatched', 'handled', 'closed') and private.has_earlier_at_spot(i)
  and exists (select from public.incident_clocks c
    where c.district_code = i.district_code and c.incident_id = i.id);
