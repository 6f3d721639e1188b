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
  v_result jsonb;
begin
  execute format($q$
    with v as materialized (
      select * from (%1$s) x where not x.on_hold
    ), done as materialized (
      -- added up once, not for each person
      select k.person, k.name, sum(v.n) filter (where k.verdict = 'in_time') as numerator, sum(v.n) as denominator
      from v
      cross join lateral (values
        (v.month[1], 'verifying_in_time', v.verifying), (v.month[2], 'filing_in_time', v.filing),
        (v.month[3], 'dispatch_in_time', v.dispatch), (v.month[4], 'checking_in_time', v.checking))
        as k (person, name, verdict)
      where k.verdict in ('in_time', 'late')
      group by 1, 2
      union all
      select v.month[5], 'valid', sum(v.n) filter (where v.is_filed), sum(v.n)
      from v where v.is_filed or v.is_rejected group by 1
      union all
      -- a dispatch is accurate unless the department gives it back
      select s.actor, 'dispatch_accurate', count(*) filter (where s.next is distinct from 'return'), count(*)
      from (
        select l.actor, m.step, lead(m.step) over (partition by l.district_code, l.incident_id order by l.seq) as next
        from public.incidents i
        join public.incident_log l on l.district_code = i.district_code and l.incident_id = i.id
        join public.workflow_stages f on f.workflow = i.workflow_code and f.code = l.data ->> 'from'
        join public.workflow_stages t on t.workflow = i.workflow_code and t.code = l.data ->> 'to'
        cross join lateral (select case when f.clock = 'dispatch' and t.clock = 'handle' then 'dispatch'
          when f.clock = 'handle' and t.clock = 'dispatch' then 'return' end as step) m
        where l.kind = 'transition' and m.step is not null and not i.on_hold and %2$s and %3$s) s
      where s.step = 'dispatch' group by 1
    ), person as (
      select distinct on (m.user_id) m.user_id, p.display_name, m.role, m.area_code
      from public.memberships m
      join public.profiles p on p.user_id = m.user_id
      join public.areas a on a.code = m.area_code
      where m.user_id = any ($2) and m.role = any ($3) and private.is_valid(m.valid_from, m.valid_to, now())
      order by m.user_id, m.role desc, a.path
    )
    select coalesce(jsonb_agg(jsonb_build_object('key', p.user_id, 'name', p.display_name, 'role', p.role,
      'areaCode', p.area_code, 'values', (
        select jsonb_object_agg(w.name, jsonb_build_array(coalesce(d.numerator, 0), coalesce(d.denominator, 0)))
        from unnest($4) w (name)
        left join done d on d.person = p.user_id and d.name = w.name)) order by p.display_name, p.user_id), '[]')
    from person p
    $q$,
    -- who took the last step out of each kind of state, and who reported it
    private.verdict_query(v_scope, v_filter, $s$(
      select array[
        (array_agg(l.actor order by l.seq desc) filter (where s.clock = 'verify'))[1],
        (array_agg(l.actor order by l.seq desc) filter (where l.stage_to = 'filed' and l.stage_from = 'reported'))[1],
        (array_agg(l.actor order by l.seq desc) filter (where s.clock = 'dispatch' and l.stage_to = 'dispatched'))[1],
        (array_agg(l.actor order by l.seq desc) filter (where s.clock = 'check'))[1],
        i.reported_by]
      from public.incident_log l
      join public.workflow_stages s on s.workflow = i.workflow_code and s.code = l.data ->> 'from'
      where l.district_code = i.district_code and l.incident_id = i.id and l.kind = 'transition'
        and l.data ->> 'to' is distinct from l.data ->> 'from')$s$),
    private.scope_condition(v_scope, 'i'), private.filter_condition(v_filter))
  into v_result using p_at, private.scope_people(),
    case p_board when 'posts' then '{grid_manager,admin}'::text[] else '{field_staff}'::text[] end,
    private.score_names(p_board);
  return v_result;
end $function$;
