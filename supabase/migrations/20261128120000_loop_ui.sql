drop function private.verdict_query(private.incident_scope,private.incident_filter);
alter type private.incident_filter add attribute due_none boolean;


CREATE OR REPLACE FUNCTION private.parse_filter(p_filter jsonb)
 RETURNS private.incident_filter
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_known constant text[] := '{from,to,areas,categories,stages,openOnly,onHoldOnly,due,bbox}';
  -- whole minutes, as in the columns: clocks run in them
  v_minute constant timestamptz := date_trunc('minute', now());
  v_source jsonb := coalesce(p_filter, '{}');
  v_result private.incident_filter;
  v_city public.city_settings;
  v_from date;
  v_to date;
  v_list text[];
  v_unknown text;
  v_box jsonb;
begin
  if jsonb_typeof(v_source) <> 'object' then
    perform private.refuse_filter('filter', 'must be an object');
  end if;
  select k into v_unknown from jsonb_object_keys(v_source) k where k <> all (v_known) order by k limit 1;
  if found then
    perform private.refuse_filter(left(v_unknown, 60), 'is not a part of the filter');
  end if;
  select * into strict v_city from public.city_settings;

  v_from := private.filter_day(v_source, 'from');
  v_to := private.filter_day(v_source, 'to');
  if v_to < v_from then
    perform private.refuse_filter('to', 'must not be before from');
  end if;
  v_result.from_at := v_from::timestamp at time zone v_city.time_zone;
  v_result.to_at := (v_to + 1)::timestamp at time zone v_city.time_zone;
  v_result.month_from := date_trunc('month', v_from::timestamp)::date;
  v_result.month_to := date_trunc('month', v_to::timestamp)::date;

  v_list := private.filter_list(v_source, 'areas');
  if v_list is not null then
    v_result.area_codes := array(
      select a.code from public.areas a
      where exists (select 1 from public.areas f
        where f.code = any (v_list) and starts_with(a.path, f.path)));
  end if;
  v_list := private.filter_list(v_source, 'categories');
  if v_list is not null then
    v_result.category_codes := array(
      select c.code from public.categories c
      where exists (select 1 from public.categories f
        where f.code = any (v_list) and starts_with(c.path, f.path)));
  end if;

  v_result.stages := private.filter_list(v_source, 'stages');
  if not v_result.stages <@ private.stage_codes() then
    perform private.refuse_filter('stages', 'unknown stage');
  end if;
  if private.filter_flag(v_source, 'openOnly') then
    v_result.stages := array(
      select s from unnest(coalesce(v_result.stages, private.stage_codes())) s where private.is_open(s));
  end if;
  v_result.on_hold_only := private.filter_flag(v_source, 'onHoldOnly');
  v_list := private.filter_list(v_source, 'due');
  if not v_list <@ '{overdue,within_day,none}' then
    perform private.refuse_filter('due', 'must be overdue, within_day or none');
  end if;
  if v_list is not null then
    v_result.due_after := case when 'overdue' = any (v_list) then '-infinity' else v_minute end;
    v_result.due_until := case when 'within_day' = any (v_list) then v_minute + interval '24 hours'
      else v_minute end;
    v_result.due_none := 'none' = any (v_list);
  end if;

  v_box := nullif(v_source -> 'bbox', 'null');
  if v_box is not null then
    if jsonb_typeof(v_box) <> 'array' or jsonb_array_length(v_box) <> 4 or exists (
        select 1 from jsonb_array_elements(v_box) e where jsonb_typeof(e) <> 'number') then
      perform private.refuse_filter('bbox', 'must be [west, south, east, north]');
    end if;
    if exists (select 1 from jsonb_array_elements(v_box) e where abs((e #>> '{}')::numeric) > 360) then
      perform private.refuse_filter('bbox', 'must be degrees');
    end if;
    if (v_box ->> 0)::float8 > (v_box ->> 2)::float8 or (v_box ->> 1)::float8 > (v_box ->> 3)::float8 then
      perform private.refuse_filter('bbox', 'must be [west, south, east, north]');
    end if;
    v_result.min_x := private.quantise((v_box ->> 0)::float8, v_city.west, v_city.east);
    v_result.min_y := private.quantise((v_box ->> 1)::float8, v_city.south, v_city.north);
    v_result.max_x := private.quantise((v_box ->> 2)::float8, v_city.west, v_city.east);
    v_result.max_y := private.quantise((v_box ->> 3)::float8, v_city.south, v_city.north);
  end if;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.filter_condition(p_filter private.incident_filter)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(nullif(concat_ws(' and ',
    -- the month narrows by index, the instants decide
    case when (p_filter).month_from is not null then format('i.month >= %L::date and i.reported_at >= %L::timestamptz',
      (p_filter).month_from, (p_filter).from_at) end,
    case when (p_filter).month_to is not null then format('i.month <= %L::date and i.reported_at < %L::timestamptz',
      (p_filter).month_to, (p_filter).to_at) end,
    case when (p_filter).area_codes is not null then format('i.area_code = any (%L::text[])', (p_filter).area_codes) end,
    case when (p_filter).category_codes is not null then format('i.category_code = any (%L::text[])', (p_filter).category_codes) end,
    case when (p_filter).stages is not null then format('i.stage = any (%L::text[])', (p_filter).stages) end,
    case when (p_filter).on_hold_only then 'i.on_hold' end,
    -- incidents_due_idx has these words
    case when (p_filter).due_until is not null then format('private.is_open(i.stage) and not i.on_hold'
      ' and (coalesce(i.due_at, ''infinity'') > %L::timestamptz and coalesce(i.due_at, ''infinity'') <= %L::timestamptz%s)',
      (p_filter).due_after, (p_filter).due_until,
      case when (p_filter).due_none then ' or coalesce(i.due_at, ''infinity'') = ''infinity''' else '' end) end,
    case when (p_filter).min_x is not null then format('i.qx between %s and %s and i.qy between %s and %s',
      (p_filter).min_x, (p_filter).max_x, (p_filter).min_y, (p_filter).max_y) end), ''), 'true')
$function$;

CREATE OR REPLACE FUNCTION private.verdict_query(p_scope private.incident_scope, p_filter private.incident_filter, p_month text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select format($q$
    with clocked as (
      select %3$s as month, i.stage, i.on_hold, i.department_code, i.rework > 0 as is_rework, i.extensions > 0 as is_extended,
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
      j.is_filed and j.is_repeat as is_repeat, j.month,
      count(*) as n
    from judged j
    join public.workflows w on w.code = j.workflow_code
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    $q$,
    private.scope_condition(p_scope, 'i'), private.filter_condition(p_filter), coalesce(p_month, 'null::date'))
$function$;

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
end $function$;

CREATE OR REPLACE FUNCTION private.monthly_rates_at(p_filter jsonb, p_at timestamp with time zone)
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
end $function$;

CREATE OR REPLACE FUNCTION private.monthly_rates(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select private.monthly_rates_at(p_filter, now())
$function$;

CREATE OR REPLACE FUNCTION public.monthly_rates(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select private.monthly_rates(p_filter)
$function$;

CREATE OR REPLACE FUNCTION private.proposed_dispatches(p_incidents uuid[])
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_scope constant text := private.scope_condition(private.resolve_scope(), 'i');
  v_proposals jsonb;
begin
  if p_incidents is null or cardinality(p_incidents) > 1000 then
    raise exception 'p_incidents: at most 1,000 ids' using errcode = '22023', detail = 'p_incidents';
  end if;
  execute format($q$
    with asked as materialized (
      select distinct on (i.id) i.* from public.incidents i
      where i.id = any ($1) and %s order by i.id, i.district_code
    ), kind as materialized (
      -- these columns decide about rights: one incident speaks for all that are alike
      select distinct on (a.area_code, a.department_code, a.reported_by) a.area_code, a.department_code, a.reported_by,
        (private.rights_on(a.*::public.incidents)).acts_as
      from asked a
    )
    select coalesce(jsonb_agg(jsonb_build_object('id', a.id) || p.made
      || jsonb_build_object('handlerName', h.display_name) order by a.id), '[]')
    from asked a
    join kind k on (k.area_code, k.department_code, k.reported_by)
      is not distinct from (a.area_code, a.department_code, a.reported_by)
    cross join lateral (select private.proposed_dispatch(a.*::public.incidents, now()) as made offset 0) p
    left join public.profiles h on h.user_id = (p.made ->> 'handler')::uuid
    where exists (
      select from public.workflow_transitions t
      join public.workflow_fields f on f.workflow = t.workflow and f.transition = t.name
      where t.workflow = a.workflow_code and t.from_state = a.state and t.roles && k.acts_as
        and f.kind = 'department')
    $q$, v_scope)
  into v_proposals using p_incidents;
  return v_proposals;
end $function$;

CREATE OR REPLACE FUNCTION public.proposed_dispatches(p_incidents uuid[])
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.proposed_dispatches(p_incidents) $function$;

revoke all on function private.monthly_rates(jsonb) from public, anon, authenticated, service_role;

grant execute on function private.monthly_rates(jsonb) to authenticated;

revoke all on function private.proposed_dispatches(uuid[]) from public, anon, authenticated, service_role;

grant execute on function private.proposed_dispatches(uuid[]) to authenticated;

revoke all on function public.monthly_rates(jsonb) from public, anon, authenticated, service_role;

grant execute on function public.monthly_rates(jsonb) to authenticated;

revoke all on function public.proposed_dispatches(uuid[]) from public, anon, authenticated, service_role;

grant execute on function public.proposed_dispatches(uuid[]) to authenticated;
