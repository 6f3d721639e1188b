-- Dispatch rules: the department and handler proposed when an incident is dispatched. The first rule that fits
-- wins; without one the filing condition's department is proposed, then the incident's, then the category's.
--
-- A rule looks at the incident's area and category, each with all below it, and at the weekday and hour of the
-- report by the city's clocks: the proposal for an incident does not change while it waits.

-- One row a saving; the newest version is in force.
create table public.dispatch_rule_lists (
  version integer primary key constraint dispatch_rule_lists_version_check check (version > 0),
  saved_at timestamptz not null,
  saved_by uuid not null references public.profiles (user_id)
);
create index dispatch_rule_lists_saved_by_idx on public.dispatch_rule_lists (saved_by);

create table public.dispatch_rules (
  version integer not null references public.dispatch_rule_lists (version),
  -- from 1
  position integer not null constraint dispatch_rules_position_check check (position between 1 and 200),
  -- null: everywhere
  area_code text references public.areas (code),
  -- null: all
  category_code text references public.categories (code),
  -- 1 is Monday, 7 is Sunday
  weekdays smallint[] not null constraint dispatch_rules_weekdays_check
    check (weekdays <> '{}' and weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]),
  -- Hours of the day; the end is excluded. From 22 to 6 is 22 to 24 and 0 to 6 of each of the weekdays.
  from_hour smallint not null,
  to_hour smallint not null,
  department_code text not null references public.departments (code),
  -- proposed while they are a handler of the department
  handler uuid references public.profiles (user_id),
  primary key (version, position),
  constraint dispatch_rules_hours_check
    check (from_hour between 0 and 23 and to_hour between 1 and 24 and from_hour <> to_hour)
);
create index dispatch_rules_area_idx on public.dispatch_rules (area_code);
create index dispatch_rules_category_idx on public.dispatch_rules (category_code);
create index dispatch_rules_department_idx on public.dispatch_rules (department_code);
create index dispatch_rules_handler_idx on public.dispatch_rules (handler);

alter table public.dispatch_rule_lists enable row level security;
alter table public.dispatch_rules enable row level security;
grant select on public.dispatch_rule_lists, public.dispatch_rules to authenticated;
create policy "Managers, leaders and admins see who saved the dispatch rules"
on public.dispatch_rule_lists for select to authenticated
using ((select private.scope_area_codes('{grid_manager,leader,admin}')) <> '{}');
create policy "Managers, leaders and admins see the dispatch rules"
on public.dispatch_rules for select to authenticated
using ((select private.scope_area_codes('{grid_manager,leader,admin}')) <> '{}');

-- Admins of the whole city: they edit every rule, also those without an area.
create or replace function private.may_edit_rules(p_user uuid, p_at timestamptz)
returns boolean language sql stable set search_path = '' as $$
  select exists (select from public.areas) and not exists (
    select from public.areas root
    where root.parent_code is null and not exists (
      select from public.memberships m
      where m.user_id = p_user and m.role = 'admin' and m.area_code = root.code
        and private.is_valid(m.valid_from, m.valid_to, p_at)))
$$;

-- Codes of the areas whose rules a person may edit: those they manage, with all below. Null: all rules.
create or replace function private.rule_areas(p_user uuid, p_at timestamptz)
returns text[] language sql stable set search_path = '' as $$
  select case when not private.may_edit_rules(p_user, p_at) then array(
    select a.code from public.areas a
    where exists (
      select from public.memberships m
      join public.areas own on own.code = m.area_code
      where m.user_id = p_user and m.role in ('grid_manager', 'admin')
        and private.is_valid(m.valid_from, m.valid_to, p_at) and private.is_within(a.path, own.path))
    order by a.code collate "C") end
$$;

-- Handlers are so by department, wherever their membership's area is.
create or replace function private.is_handler_of(p_person uuid, p_department text, p_at timestamptz)
returns boolean language sql stable set search_path = '' as $$
  select exists (
    select from public.memberships m
    where m.user_id = p_person and m.role = 'handler' and m.department_code = p_department
      and private.is_valid(m.valid_from, m.valid_to, p_at))
$$;

-- Whether the hour lies in the rule's hours of one of its weekdays.
create or replace function private.hour_fits(
  p_weekdays smallint[], p_from smallint, p_to smallint, p_weekday integer, p_hour integer)
returns boolean language sql immutable parallel safe
return p_weekday = any (p_weekdays)
  and case when p_from < p_to then p_hour >= p_from and p_hour < p_to else p_hour >= p_from or p_hour < p_to end;

-- Whether the path lies in the rule's; null is everything.
create or replace function private.path_fits(p_rule text, p_path text)
returns boolean language sql immutable parallel safe
return p_rule is null or private.is_within(p_path, p_rule);

-- The list in force, in its order.
create or replace function private.present_rules()
returns public.dispatch_rules[] language sql stable set search_path = '' as $$
  select coalesce(array_agg(r order by r.position), '{}') from public.dispatch_rules r
  where r.version = (select max(l.version) from public.dispatch_rule_lists l)
$$;

-- The position of the first rule that fits each incident reported in the span; null without one. Each area,
-- category and hour gets a string of bits, one a rule: the first bit set in all three is the rule.
create or replace function private.fitting_rules(p_rules public.dispatch_rules[], p_from timestamptz, p_to timestamptz)
returns table (incident_id uuid, rule integer) language sql stable set search_path = '' as $$
  with incident as materialized (
    select i.id, i.area_code, i.category_code,
      extract(isodow from i.reported_at at time zone city.time_zone)::integer as weekday,
      extract(hour from i.reported_at at time zone city.time_zone)::integer as hour
    from public.city_settings city, public.incidents i
    where i.reported_at >= p_from and i.reported_at < p_to
  ), rule as materialized (
    select r.position, r.weekdays, r.from_hour, r.to_hour, a.path as area, c.path as category
    from unnest(p_rules) r
    left join public.areas a on a.code = r.area_code
    left join public.categories c on c.code = r.category_code
  ), by_area as materialized (
    select a.code, string_agg(private.path_fits(r.area, a.path)::integer::text, '' order by r.position)::varbit as bits
    from (select distinct i.area_code from incident i) k
    join public.areas a on a.code = k.area_code
    cross join rule r group by a.code
  ), by_category as materialized (
    select c.code, string_agg(private.path_fits(r.category, c.path)::integer::text, '' order by r.position)::varbit as bits
    from (select distinct i.category_code from incident i) k
    join public.categories c on c.code = k.category_code
    cross join rule r group by c.code
  ), by_hour as materialized (
    select k.weekday, k.hour, string_agg(private.hour_fits(r.weekdays, r.from_hour, r.to_hour, k.weekday, k.hour)
      ::integer::text, '' order by r.position)::varbit as bits
    from (select distinct i.weekday, i.hour from incident i) k
    cross join rule r group by k.weekday, k.hour
  )
  select i.id, nullif(position(b'1' in a.bits & c.bits & h.bits), 0)
  from incident i
  -- without rules there are no bits
  left join by_area a on a.code = i.area_code
  left join by_category c on c.code = i.category_code
  left join by_hour h on (h.weekday, h.hour) = (i.weekday, i.hour)
$$;

-- A rule without its place, to compare.
create or replace function private.rule_content(p_rule public.dispatch_rules)
returns jsonb language sql immutable set search_path = '' as $$
  select to_jsonb(p_rule) - '{version,position}'::text[]
$$;

-- The proposal for an incident: {department, handler, rule}; `rule` is the position of the rule that fits.
create or replace function private.proposed_dispatch(p_incident public.incidents, p_at timestamptz)
returns jsonb language sql stable set search_path = '' as $$
  select jsonb_build_object('department', coalesce(r.department_code, usual.department),
    'handler', case when private.is_handler_of(r.handler, r.department_code, p_at) then r.handler end,
    'rule', r.position)
  from (
    select coalesce((select f.department_code from public.filing_conditions f
        where f.code = p_incident.condition_code),
      p_incident.department_code,
      (select c.default_department from public.categories c where c.code = p_incident.category_code)) as department
  ) usual
  left join lateral (
    select r.* from public.city_settings city, unnest(private.present_rules()) r
    left join public.areas ra on ra.code = r.area_code
    left join public.categories rc on rc.code = r.category_code
    where private.path_fits(rc.path, (select c.path from public.categories c where c.code = p_incident.category_code))
      and private.path_fits(ra.path, (select a.path from public.areas a where a.code = p_incident.area_code))
      and private.hour_fits(r.weekdays, r.from_hour, r.to_hour,
        extract(isodow from p_incident.reported_at at time zone city.time_zone)::integer,
        extract(hour from p_incident.reported_at at time zone city.time_zone)::integer)
    order by r.position limit 1
  ) r on true
$$;

-- One rule of the client: {areaCode, categoryCode, weekdays, fromHour, toHour, departmentCode, handler}.
create or replace function private.read_dispatch_rule(p_rule jsonb, p_position integer, p_at timestamptz)
returns public.dispatch_rules language plpgsql stable set search_path = '' as $$
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
end $$;

-- The list of a client, in its order. A rejection's `field` is `rules.<position>.<field>`.
create or replace function private.read_dispatch_rules(p_rules jsonb, p_at timestamptz)
returns public.dispatch_rules[] language plpgsql stable set search_path = '' as $$
declare
  v_rules public.dispatch_rules[] := '{}';
  v_position integer := 0;
  v_rule jsonb;
  v_detail jsonb;
  v_text text;
begin
  if jsonb_typeof(p_rules) is distinct from 'array' then
    perform private.reject_command('invalid_field', 'rules', 'not an array');
  elsif jsonb_array_length(p_rules) > 200 then
    perform private.reject_command('too_many', 'rules', '200');
  end if;
  for v_rule in select value from jsonb_array_elements(p_rules) loop
    v_position := v_position + 1;
    v_rules := v_rules || private.read_dispatch_rule(v_rule, v_position, p_at);
  end loop;
  return v_rules;
exception when sqlstate 'WG001' then
  get stacked diagnostics v_text = pg_exception_detail;
  v_detail := v_text::jsonb;
  if v_position > 0 then
    v_detail := v_detail || jsonb_build_object('field', format('rules.%s.%s', v_position, v_detail ->> 'field'));
  end if;
  raise exception '%', v_detail ->> 'code' using errcode = 'WG001', detail = v_detail::text;
end $$;

-- Refuses a list in which rules outside of the areas differ from the present ones, or stand in another order.
-- Between them the others may stand anywhere: a rule acts in its own area alone.
create or replace function private.refuse_foreign_rules(p_rules public.dispatch_rules[], p_areas text[])
returns void language plpgsql stable set search_path = '' as $$
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
end $$;

-- The command `save_dispatch_rules`: {baseVersion, rules}, the whole list; `baseVersion` is 0 for the first.
-- A stale one raises WG002 with {version, savedAt, savedByName} of the list in force.
create or replace function private.save_dispatch_rules(p_actor uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
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
end $$;

create or replace function private.dispatch_rule_list()
returns jsonb language plpgsql stable security definer set search_path = '' as $$
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
end $$;

-- Compares a list that is not saved with the one in force, on the incidents reported in the last 31 days.
create or replace function private.try_dispatch_rules(p_rules jsonb)
returns jsonb language plpgsql stable security definer
set search_path = '' set timezone = 'UTC' set max_parallel_workers_per_gather = 0 as $$
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
end $$;

-- Proposals for each of the incidents, where the caller's roles may take a step that names a department.
create or replace function private.proposed_dispatches(p_incidents uuid[])
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 as $$
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
end $$;

-- The dispatch rules in force, in their order. The first that fits an incident gives the department and handler
-- proposed at its dispatch. The command `save_dispatch_rules` replaces the list: managers and admins of an area
-- change, add, order and remove the rules of their areas, admins of the whole city all of them.
-- Returns `{version, savedAt, savedByName, canEdit, areaCodes, rules: [{areaCode, categoryCode, weekdays, fromHour, toHour,
-- departmentCode, handler, handlerName}], handlers: [{id, name, departmentCode}]}`. `version` is 0 before the
-- first saving; `areaCodes` are the areas whose rules the caller may edit, null where all; `handlers` are given
-- to who may edit.
-- Errors: 42501, also for who is no manager, leader or admin.
create or replace function public.dispatch_rule_list() returns jsonb
language sql stable set search_path = '' as $$ select private.dispatch_rule_list() $$;

-- Tries a list of rules, as in dispatch_rule_list but not saved, on the incidents reported in the last 31 days
-- in the areas whose rules the caller may edit.
-- Returns `{from, to, total, withoutRule, withoutPresentRule, changed, dispatched, unlikeDispatched,
-- presentUnlikeDispatched, rules: [count], departments: [{departmentCode, proposed, present, dispatched}],
-- examples}`. `present` is the list in force, `changed` counts where the two propose another department or
-- handler, `dispatched` those that are or were with a department. `examples` are at most 50, changed ones first.
-- Errors: 42501 for who may not edit; 22023 for a wrong list, its detail a rejection with the field.
create or replace function public.try_dispatch_rules(p_rules jsonb) returns jsonb
language sql stable set search_path = '' as $$ select private.try_dispatch_rules(p_rules) $$;

-- Proposals of dispatch_rule_list, the filing condition or the category for each of up to 1,000 incidents. One
-- whose department the caller cannot choose is left out.
-- Returns `[{id, department, handler, handlerName, rule}]`; `rule` is the position of the rule that fits.
-- Errors: 42501; 22023 for more than 1,000.
create or replace function public.proposed_dispatches(p_incidents uuid[]) returns jsonb
language sql stable set search_path = '' as $$ select private.proposed_dispatches(p_incidents) $$;
grant execute on function private.dispatch_rule_list(), private.try_dispatch_rules(jsonb),
  private.proposed_dispatches(uuid[]), public.dispatch_rule_list(), public.try_dispatch_rules(jsonb),
  public.proposed_dispatches(uuid[])
to authenticated;
