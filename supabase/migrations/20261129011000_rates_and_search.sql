CREATE OR REPLACE FUNCTION private.verdict_query(p_scope private.incident_scope, p_filter private.incident_filter, p_month text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select format($q$
    with over as (
      -- few kinds among many rows: counted as they lie in incidents_rates_idx, without a look at the table
      select %3$s as month, i.stage, i.on_hold, i.department_code, i.workflow_code, i.channel, i.lateness,
        (i.rework > 0)::integer | ((i.extensions > 0)::integer << 1) | (i.is_repeat::integer << 2) as flags, count(*) as n
      from public.incidents i
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
      select %3$s as month, i.stage, i.on_hold, i.department_code, i.rework > 0 as is_rework, i.extensions > 0 as is_extended,
        i.is_repeat, i.workflow_code, i.channel,
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
      from public.incidents i
      join public.incident_clocks c on c.district_code = i.district_code and c.incident_id = i.id
      cross join lateral (
        select private.clock_lateness(c.due_at, c.used_seconds, c.limit_seconds, $1) as late) k
      -- a department that gave it back no longer has it to handle
      where c.kind <> 'milestone' and (c.kind <> 'handle' or c.department_code is not distinct from i.department_code)
        and private.is_open(i.stage) and %1$s and %2$s
      group by i.district_code, i.id
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
 SET enable_sort TO 'off'
 SET jit TO 'off'
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
 SET enable_sort TO 'off'
 SET jit TO 'off'
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

CREATE OR REPLACE FUNCTION private.newest_report()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
 SET search_path TO ''
 SET enable_indexscan TO 'on'
AS $function$
  select max(i.reported_at) from public.incidents i
$function$;

CREATE OR REPLACE FUNCTION private.newest_hits(p_query tsquery, p_scope text, p_limit integer)
 RETURNS uuid[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET enable_seqscan TO 'off'
 SET enable_indexscan TO 'on'
AS $function$
declare
  v_found uuid[];
begin
  execute format($q$
    select coalesce(array_agg(h.id order by h.reported_at desc, h.id desc), '{}')
    from (
      select n.id, n.reported_at
      from (
        select i.id, i.reported_at, i.description, i.address_label
        from (select * from public.incidents order by reported_at desc, id desc limit 1500) i
        where %s limit 200) n
      where private.incident_words(n.description, n.address_label) operator(pg_catalog.@@) $1 limit $2) h $q$, p_scope)
  into v_found using p_query, p_limit;
  return v_found;
end $function$;

CREATE OR REPLACE FUNCTION private.incident_search(p_text text, p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
 SET enable_seqscan TO 'off'
 SET enable_indexscan TO 'off'
 SET jit TO 'off'
AS $function$
declare
  v_scope constant text := private.scope_condition(private.resolve_scope(), 'i');
  v_limit constant integer := coalesce(p_limit, 8);
  v_number text;
  v_prefix text;
  v_query tsquery;
  v_newest timestamptz;
  v_window interval;
  v_ids uuid[] := '{}';
  v_found uuid[];
  v_rows jsonb;
begin
  if v_limit not between 1 and 50 then
    raise exception 'p_limit: 1 to 50 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  if p_text is null or length(p_text) > 200 then
    raise exception 'p_text: 1 to 200 characters' using errcode = '22023', detail = 'p_text';
  end if;
  v_number := private.read_case_number(p_text, extract(year from private.city_today())::integer);
  if v_number is not null then
    execute format('select coalesce(array_agg(i.id), ''{}'') from public.incidents i where i.case_number = $1 and %s', v_scope)
    into v_ids using v_number;
  end if;
  -- six hexadecimal digits of the id, as the device shows them; or the whole id
  v_prefix := coalesce((regexp_match(lower(btrim(p_text)), '^p-?([0-9a-f]{6})$'))[1],
    (regexp_match(lower(btrim(p_text)), '^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$'))[1]);
  if v_prefix is not null then
    execute format('select coalesce(array_agg(i.id order by i.id), ''{}'') from (
      select i.id from public.incidents i where i.id between $1 and $2 and %s limit 50) i', v_scope)
    into v_found using
      (case when length(v_prefix) = 36 then v_prefix else v_prefix || '00-0000-0000-0000-000000000000' end)::uuid,
      (case when length(v_prefix) = 36 then v_prefix else v_prefix || 'ff-ffff-ffff-ffff-ffffffffffff' end)::uuid;
    v_ids := v_ids || v_found;
  end if;
  v_query := private.search_query(p_text);
  -- one letter begins too many words
  if v_query is not null and (length(btrim(p_text)) > 1 or p_text !~ '[A-Za-z0-9]') then
    v_found := private.newest_hits(v_query, v_scope, v_limit + 1);
    v_newest := private.newest_report();
    foreach v_window in array array['31 days', '1 year', '1000 years']::interval[] loop
      exit when cardinality(v_found) > v_limit;
      execute format($q$
        with hits as materialized (
          select i.id, i.reported_at from public.incidents i
          where private.incident_words(i.description, i.address_label) operator(pg_catalog.@@) $1
            and i.reported_at > $2 and %s limit 5000
        )
        select coalesce(array_agg(h.id order by h.reported_at desc, h.id desc), '{}')
        from (select * from hits order by reported_at desc, id desc limit $3) h $q$, v_scope)
      into v_found using v_query, v_newest - v_window, v_limit + 1;
    end loop;
    v_ids := v_ids || array(select f.id from unnest(v_found) with ordinality f (id, n)
      where f.id <> all (v_ids) order by f.n);
  end if;
  select jsonb_agg(private.incident_row(i, w) order by k.n) into v_rows
  from unnest(v_ids[1:v_limit]) with ordinality k (id, n)
  join public.incidents i on i.id = k.id
  left join public.incident_work w on w.district_code = i.district_code and w.incident_id = i.id;
  return jsonb_build_object('number', v_number, 'rows', coalesce(v_rows, '[]'),
    'isMore', cardinality(v_ids) > v_limit);
end $function$;

CREATE INDEX incidents_rates_idx ON public.incidents USING btree (month, area_code) INCLUDE (category_code, department_code, stage, on_hold, workflow_code, channel, lateness, rework, extensions, is_repeat, reported_at, reported_by, qx, qy, district_code, id) WHERE (lateness IS NOT NULL);
