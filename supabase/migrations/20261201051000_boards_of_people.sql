drop function private.verdict_query(private.incident_scope,private.incident_filter,text,text);

CREATE OR REPLACE FUNCTION private.verdict_query(p_scope private.incident_scope, p_filter private.incident_filter, p_month text, p_join text DEFAULT ''::text, p_brief boolean DEFAULT false)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION private.person_figures(p_board text, p_filter jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_scope constant private.incident_scope := private.resolve_scope();
  v_filter constant private.incident_filter := private.parse_filter(p_filter);
  -- steps that end a state's work as bits 1 to 8, a dispatch as 16, its return as 32
  v_steps constant text := $s$
    select l.district_code, l.incident_id, l.seq, coalesce(p.n, 0) as n, k.bits
    from %s
    join public.incident_log l on l.district_code = i.district_code and l.incident_id = i.id
    join public.workflow_stages f on f.workflow = i.workflow_code and f.code = l.data ->> 'from'
    left join public.workflow_stages t on t.workflow = i.workflow_code and t.code = l.data ->> 'to'
    left join person p on p.user_id = l.actor
    cross join lateral (
      select case when l.data ->> 'to' is distinct from f.code then
        case f.clock when 'verify' then 1 when 'dispatch' then case when l.stage_to = 'dispatched' then 4 else 0 end
          when 'check' then 8 else 0 end
        | case when l.stage_to = 'filed' and l.stage_from = 'reported' then 2 else 0 end
        | case when f.clock = 'dispatch' and t.clock = 'handle' then 16
          when f.clock = 'handle' and t.clock = 'dispatch' then 32 else 0 end
        else 0 end as bits) k
    where l.kind = 'transition' and k.bits > 0 and %s
    -- computed once: rows without their jsonb fit into memory
    offset 0 $s$;
  v_result jsonb;
begin
  execute format($q$
    with person as materialized (
      -- numbers fit beside a step's place into one integer, so that the last step is a plain maximum
      select m.*, row_number() over () as n
      from (
        select distinct on (m.user_id) m.user_id, p.display_name, m.role, m.area_code
        from public.memberships m
        join public.profiles p on p.user_id = m.user_id
        join public.areas a on a.code = m.area_code
        where m.user_id = any ($2) and m.role = any ($3) and private.is_valid(m.valid_from, m.valid_to, now())
        order by m.user_id, m.role desc, a.path) m
    ), last as materialized (
      -- the log is read once: of each incident stays who took the last step out of each kind of state
      select s.district_code, s.incident_id,
        max(s.seq::bigint << 24 | s.n) filter (where s.bits & 1 > 0) as verify,
        max(s.seq::bigint << 24 | s.n) filter (where s.bits & 2 > 0) as file,
        max(s.seq::bigint << 24 | s.n) filter (where s.bits & 4 > 0) as dispatch,
        max(s.seq::bigint << 24 | s.n) filter (where s.bits & 8 > 0) as checking,
        max(s.n) filter (where s.bits & 16 > 0) as sender, count(*) filter (where s.bits & 16 > 0) as sendings,
        coalesce(bool_or(s.bits & 32 > 0), false) as is_returned
      from (%2$s) s
      group by 1, 2
    ), v as materialized (
      select x.*, x.month >> 3 as person, x.month & 7 as kind from (%1$s) x where not x.on_hold
    ), done as materialized (
      -- added up once, not for each person
      select v.person, k.name, sum(v.n) filter (where k.verdict = 'in_time') as numerator, sum(v.n) as denominator
      from v
      join lateral (values
        (1, 'verifying_in_time', v.verifying), (2, 'filing_in_time', v.filing),
        (3, 'dispatch_in_time', v.dispatch), (4, 'checking_in_time', v.checking))
        as k (kind, name, verdict) on k.kind = v.kind
      where k.verdict in ('in_time', 'late')
      group by 1, 2
      union all
      select v.person, 'valid', sum(v.n) filter (where v.is_filed), sum(v.n)
      from v where v.kind = 5 and (v.is_filed or v.is_rejected) group by 1
      union all
      -- a dispatch is accurate unless the department gives it back; of the few that were dispatched again or given
      -- back the steps are put in order
      select x.n, 'dispatch_accurate', sum(x.kept), sum(x.made)
      from (
        select l.sender as n, count(*) as kept, count(*) as made
        from last l where l.sendings = 1 and not l.is_returned group by 1
        union all
        select r.n, count(*) filter (where r.next & 32 = 0), count(*)
        from (
          select s.n, s.bits, lead(s.bits, 1, 0) over (partition by s.district_code, s.incident_id order by s.seq) as next
          from (%3$s) s) r
        where r.bits & 16 > 0 group by 1) x
      where x.n > 0 group by 1
    )
    select coalesce(jsonb_agg(jsonb_build_object('key', p.user_id, 'name', p.display_name, 'role', p.role,
      'areaCode', p.area_code, 'values', (
        select jsonb_object_agg(w.name, jsonb_build_array(coalesce(d.numerator, 0), coalesce(d.denominator, 0)))
        from unnest($4) w (name)
        left join done d on d.person = p.n and d.name = w.name)) order by p.display_name, p.user_id), '[]')
    from person p
    $q$,
    private.verdict_query(v_scope, v_filter, 'took.who', $j$
      left join last on last.district_code = i.district_code and last.incident_id = i.id
      left join person reporter on reporter.user_id = i.reported_by
      cross join lateral (
        select (k.last & 16777215) << 3 | k.kind as who
        from (values (1, last.verify), (2, last.file), (3, last.dispatch), (4, last.checking), (5, reporter.n)) k (kind, last)
        where k.last & 16777215 > 0) took $j$, true),
    format(v_steps, 'public.incidents i', 'not i.on_hold and ' || private.scope_condition(v_scope, 'i') || ' and '
      || private.filter_condition(v_filter)),
    format(v_steps, $z$ (
      select i.district_code, i.id, i.workflow_code from last z
      join public.incidents i on i.district_code = z.district_code and i.id = z.incident_id
      where z.sendings > 1 or z.is_returned) i $z$, 'k.bits & 48 > 0'))
  into v_result using p_at, private.scope_people(),
    case p_board when 'posts' then '{grid_manager,admin}'::text[] else '{field_staff}'::text[] end,
    private.score_names(p_board);
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.evaluation_board_at(p_board text, p_filter jsonb, p_level text, p_at timestamp with time zone)
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
  v_user constant uuid := private.require_user();
begin
  if (p_board in ('areas', 'departments', 'posts', 'field_staff')) is not true then
    raise exception 'p_board: areas, departments, posts or field_staff' using errcode = '22023', detail = 'p_board';
  elsif p_board = 'areas' and private.level_rank(p_level) is null then
    raise exception 'p_level: a level of areas' using errcode = '22023', detail = 'p_level';
  elsif p_board <> all (private.readable_boards()) then
    raise exception 'this board judges others' using errcode = '42501';
  end if;
  return jsonb_build_object('asOf', p_at, 'canEdit', private.may_edit_evaluations(v_user, p_at),
    'rows', case when p_board in ('areas', 'departments') then private.place_figures(p_board, p_filter, p_level, p_at)
      else private.person_figures(p_board, p_filter, p_at) end,
    'versions', (
      select coalesce(jsonb_agg(jsonb_build_object('version', f.version, 'formula', f.formula, 'fromDay', f.from_day,
        'reason', f.reason, 'savedAt', f.saved_at, 'savedByName', p.display_name) order by f.version desc), '[]')
      from public.evaluation_formulas f
      join public.profiles p on p.user_id = f.saved_by
      where f.board = p_board));
end $function$;
