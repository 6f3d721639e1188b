CREATE OR REPLACE FUNCTION private.rule_areas(p_user uuid, p_at timestamp with time zone)
 RETURNS text[]
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case when not private.may_edit_rules(p_user, p_at) then array(
    select a.code from public.areas a
    where exists (
      select from public.memberships m
      join public.areas own on own.code = m.area_code
      where m.user_id = p_user and m.role in ('grid_manager', 'admin')
        and private.is_valid(m.valid_from, m.valid_to, p_at) and private.is_within(a.path, own.path))
    order by a.code collate "C") end
$function$;

CREATE OR REPLACE FUNCTION private.rule_content(p_rule public.dispatch_rules)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select to_jsonb(p_rule) - '{version,position}'::text[]
$function$;

CREATE OR REPLACE FUNCTION private.read_dispatch_rule(p_rule jsonb, p_position integer, p_at timestamp with time zone)
 RETURNS public.dispatch_rules
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_rule public.dispatch_rules;
  v_handler text;
begin
  if jsonb_typeof(p_rule) <> 'object' then
    perform private.reject_command('invalid_field', '', 'not an object');
  end if;
  perform private.refuse_unknown_fields(p_rule,
    '{areaCode,categoryCode,weekdays,fromHour,toHour,departmentCode,handler}');
  v_rule.position := p_position;
  v_rule.area_code := private.payload_text(p_rule, 'areaCode', false, 40);
  v_rule.category_code := private.payload_text(p_rule, 'categoryCode', false, 60);
  v_rule.from_hour := private.payload_whole(p_rule, 'fromHour', true, 0, 23);
  v_rule.to_hour := private.payload_whole(p_rule, 'toHour', true, 1, 24);
  v_rule.department_code := private.payload_text(p_rule, 'departmentCode', true, 40);
  v_handler := private.payload_text(p_rule, 'handler', false, 36);
  if v_rule.from_hour = v_rule.to_hour then
    perform private.reject_command('invalid_field', 'toHour', 'no hours');
  elsif jsonb_typeof(p_rule -> 'weekdays') is distinct from 'array' or p_rule -> 'weekdays' = '[]'
    or not p_rule -> 'weekdays' <@ '[1,2,3,4,5,6,7]' then
    perform private.reject_command('invalid_field', 'weekdays', 'not days from 1 to 7');
  elsif v_rule.area_code is not null
    and not exists (select from public.areas a where a.code = v_rule.area_code) then
    perform private.reject_command('invalid_field', 'areaCode', 'no such area');
  elsif v_rule.category_code is not null
    and not exists (select from public.categories c where c.code = v_rule.category_code) then
    perform private.reject_command('invalid_field', 'categoryCode', 'no such category');
  elsif not exists (select from public.departments d where d.code = v_rule.department_code) then
    perform private.reject_command('invalid_field', 'departmentCode', 'no such department');
  elsif v_handler is not null and (not private.is_uuid(v_handler)
    or not exists (select from public.profiles p where p.user_id = v_handler::uuid)) then
    perform private.reject_command('invalid_field', 'handler', 'not a handler of the department');
  end if;
  v_rule.weekdays := array(
    select distinct d::smallint from jsonb_array_elements_text(p_rule -> 'weekdays') d order by 1);
  v_rule.handler := v_handler::uuid;
  if v_handler is not null and not private.is_handler_of(v_rule.handler, v_rule.department_code, p_at)
    -- who left stays in a rule that stands: not everybody who saves the list may change it
    and not exists (select from unnest(private.present_rules()) r
      where private.rule_content(r) = private.rule_content(v_rule)) then
    perform private.reject_command('invalid_field', 'handler', 'not a handler of the department');
  end if;
  return v_rule;
end $function$;

CREATE OR REPLACE FUNCTION private.refuse_foreign_rules(p_rules public.dispatch_rules[], p_areas text[])
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_present jsonb[];
  v_position integer;
  v_kept integer;
begin
  if p_areas is null then return; end if;
  v_present := array(
    select private.rule_content(r) from unnest(private.present_rules()) r
    where r.area_code is null or r.area_code <> all (p_areas) order by r.position);
  select min(f.position) filter (where f.content is distinct from v_present[f.n]), count(*)
  into v_position, v_kept
  from (
    select r.position, private.rule_content(r) as content, row_number() over (order by r.position) as n
    from unnest(p_rules) r where r.area_code is null or r.area_code <> all (p_areas)) f;
  if v_position is not null then
    perform private.reject_command('not_allowed', format('rules.%s.areaCode', v_position), 'not of your areas');
  elsif v_kept <> cardinality(v_present) then
    perform private.reject_command('not_allowed', 'rules', 'a rule of others is missing');
  end if;
end $function$;

CREATE OR REPLACE FUNCTION private.save_dispatch_rules(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 0, 2147483646);
  v_areas constant text[] := private.rule_areas(p_actor, p_at);
  v_rules public.dispatch_rules[];
  v_list public.dispatch_rule_lists;
begin
  perform private.refuse_unknown_fields(p_payload, '{baseVersion,rules}');
  if v_areas = '{}' then
    perform private.reject_command('not_allowed');
  end if;
  -- the second of two editors waits, then sees the first's version
  perform pg_advisory_xact_lock(hashtextextended('dispatch_rules', 0));
  select * into v_list from public.dispatch_rule_lists l order by l.version desc limit 1;
  if coalesce(v_list.version, 0) <> v_base then
    raise exception 'conflict' using errcode = 'WG002', detail = jsonb_build_object('code', 'conflict',
      'server', jsonb_build_object('version', coalesce(v_list.version, 0), 'savedAt', v_list.saved_at,
        'savedByName', (select p.display_name from public.profiles p where p.user_id = v_list.saved_by)))::text;
  end if;
  v_rules := private.read_dispatch_rules(p_payload -> 'rules', p_at);
  perform private.refuse_foreign_rules(v_rules, v_areas);
  insert into public.dispatch_rule_lists (version, saved_at, saved_by) values (v_base + 1, p_at, p_actor);
  insert into public.dispatch_rules (version, position, area_code, category_code, weekdays, from_hour, to_hour,
    department_code, handler)
  select v_base + 1, r.position, r.area_code, r.category_code, r.weekdays, r.from_hour, r.to_hour,
    r.department_code, r.handler
  from unnest(v_rules) r;
  return jsonb_build_object('version', v_base + 1);
end $function$;

CREATE OR REPLACE FUNCTION private.dispatch_rule_list()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_user constant uuid := private.require_user();
  v_areas constant text[] := private.rule_areas(v_user, now());
  v_may_edit constant boolean := v_areas is distinct from '{}';
begin
  if private.scope_paths('{grid_manager,leader,admin}') = '{}' then
    raise exception 'dispatch rules are for managers, leaders and admins' using errcode = '42501';
  end if;
  return (
    select jsonb_build_object('version', coalesce(l.version, 0), 'savedAt', l.saved_at,
      'savedByName', p.display_name, 'canEdit', v_may_edit, 'areaCodes', v_areas,
      'rules', coalesce((
        select jsonb_agg(jsonb_build_object('areaCode', r.area_code, 'categoryCode', r.category_code,
          'weekdays', r.weekdays, 'fromHour', r.from_hour, 'toHour', r.to_hour,
          'departmentCode', r.department_code, 'handler', r.handler,
          'handlerName', h.display_name) order by r.position)
        from unnest(private.present_rules()) r
        left join public.profiles h on h.user_id = r.handler), '[]'),
      'handlers', case when v_may_edit then coalesce((
        select jsonb_agg(jsonb_build_object('id', o.user_id, 'name', h.display_name,
          'departmentCode', o.department_code) order by h.display_name, o.user_id)
        from (
          select distinct m.user_id, m.department_code from public.memberships m
          where m.role = 'handler' and private.is_valid(m.valid_from, m.valid_to, now())
        ) o
        join public.profiles h on h.user_id = o.user_id), '[]') else '[]' end)
    from (values (true)) as one (one)
    left join lateral (
      select * from public.dispatch_rule_lists l order by l.version desc limit 1) l on true
    left join public.profiles p on p.user_id = l.saved_by);
end $function$;

CREATE OR REPLACE FUNCTION private.try_dispatch_rules(p_rules jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_to constant timestamptz := now();
  v_from constant timestamptz := v_to - interval '31 days';
  v_present constant public.dispatch_rules[] := private.present_rules();
  v_areas constant text[] := private.rule_areas(private.require_user(), v_to);
  v_tried public.dispatch_rules[];
  v_answer jsonb;
  v_detail text;
begin
  if v_areas = '{}' then
    raise exception 'dispatch rules are tried by managers and admins' using errcode = '42501';
  end if;
  begin
    v_tried := private.read_dispatch_rules(p_rules, v_to);
    perform private.refuse_foreign_rules(v_tried, v_areas);
  exception when sqlstate 'WG001' then
    get stacked diagnostics v_detail = pg_exception_detail;
    raise exception 'p_rules: %', v_detail using errcode = '22023', detail = v_detail;
  end;
  with proposal as materialized (
    select i.id, i.category_code, i.area_code, i.description, i.reported_at, tried.rule,
      present.rule as present_rule,
      coalesce(t.department_code, usual.department) as department,
      coalesce(p.department_code, usual.department) as present_department,
      case when i.stage in ('dispatched', 'handled', 'closed') then i.department_code end as real_department,
      (coalesce(t.department_code, usual.department), t.handler)
        is distinct from (coalesce(p.department_code, usual.department), p.handler) as is_changed
    from private.fitting_rules(v_tried, v_from, v_to) tried
    join private.fitting_rules(v_present, v_from, v_to) present using (incident_id)
    join public.incidents i on i.id = tried.incident_id
      and i.reported_at >= v_from and i.reported_at < v_to
      and (v_areas is null or i.area_code = any (v_areas))
    join public.categories c on c.code = i.category_code
    left join public.filing_conditions f on f.code = i.condition_code
    left join unnest(v_tried) t on t.position = tried.rule
    left join unnest(v_present) p on p.position = present.rule
    cross join lateral (select coalesce(f.department_code, c.default_department) as department) usual
  )
  select jsonb_build_object('from', v_from, 'to', v_to, 'total', count(*),
    'withoutRule', count(*) filter (where o.rule is null),
    'withoutPresentRule', count(*) filter (where o.present_rule is null),
    'changed', count(*) filter (where o.is_changed),
    'dispatched', count(o.real_department),
    'unlikeDispatched', count(*) filter (where o.real_department <> o.department),
    'presentUnlikeDispatched', count(*) filter (where o.real_department <> o.present_department),
    'rules', (
      select coalesce(jsonb_agg(coalesce(n.count, 0) order by t.position), '[]')
      from unnest(v_tried) t
      left join (select q.rule, count(*) from proposal q group by q.rule) n on n.rule = t.position),
    'departments', (
      select coalesce(jsonb_agg(jsonb_build_object('departmentCode', d.department, 'proposed', d.proposed,
        'present', d.present, 'dispatched', d.dispatched) order by d.proposed desc, d.department), '[]')
      from (
        select n.department, count(*) filter (where n.kind = 1) as proposed,
          count(*) filter (where n.kind = 2) as present, count(*) filter (where n.kind = 3) as dispatched
        from proposal q
        cross join lateral (values (1, q.department), (2, q.present_department), (3, q.real_department))
          as n (kind, department)
        where n.kind < 3 or n.department is not null
        group by n.department
      ) d),
    'examples', (
      select coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'categoryCode', e.category_code,
        'areaCode', e.area_code, 'description', left(e.description, 200), 'reportedAt', e.reported_at,
        'rule', e.rule, 'departmentCode', e.department, 'presentDepartmentCode', e.present_department,
        'dispatchedDepartmentCode', e.real_department, 'isChanged', e.is_changed)
        order by e.is_changed desc, e.reported_at desc, e.id), '[]')
      from (select * from proposal q order by q.is_changed desc, q.reported_at desc, q.id limit 50) e))
  into v_answer
  from proposal o;
  return v_answer;
end $function$;
