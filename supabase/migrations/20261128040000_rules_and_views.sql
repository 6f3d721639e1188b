create table public.work_views (
  id uuid primary key,
  owner uuid not null references public.profiles (user_id),
  name text not null constraint work_views_name_check check (length(name) between 1 and 60),
  query text not null constraint work_views_query_check
    check (length(query) <= 1000 and query ~ '^[A-Za-z0-9_.~=&%-]*$'),
  areas text[] not null default '{}',
  departments text[] not null default '{}',
  version integer not null default 1,
  changed_at timestamptz not null,
  constraint work_views_owner_name_key unique (owner, name)
);

create table public.dispatch_rule_lists (
  version integer primary key constraint dispatch_rule_lists_version_check check (version > 0),
  saved_at timestamptz not null,
  saved_by uuid not null references public.profiles (user_id)
);

create table public.dispatch_rules (
  version integer not null references public.dispatch_rule_lists (version),
  position integer not null constraint dispatch_rules_position_check check (position between 1 and 200),
  area_code text references public.areas (code),
  category_code text references public.categories (code),
  weekdays smallint[] not null constraint dispatch_rules_weekdays_check
    check (weekdays <> '{}' and weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]),
  from_hour smallint not null,
  to_hour smallint not null,
  department_code text not null references public.departments (code),
  handler uuid references public.profiles (user_id),
  primary key (version, position),
  constraint dispatch_rules_hours_check
    check (from_hour between 0 and 23 and to_hour between 1 and 24 and from_hour <> to_hour)
);

alter table public.work_views enable row level security;
alter table public.dispatch_rule_lists enable row level security;
alter table public.dispatch_rules enable row level security;


CREATE OR REPLACE FUNCTION private.judge_command(p_item json, p_envelope private.command_envelope, p_actor uuid, p_may_report boolean, p_at timestamp with time zone, p_is_replay boolean)
 RETURNS private.judged_command
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_judged private.judged_command;
  v_record public.commands;
  v_payload jsonb;
  v_result jsonb := '{}';
  v_state text;
  v_detail text;
begin
  v_judged.settled := private.settled_receipt(p_item, p_envelope, p_actor);
  if v_judged.settled is not null then
    return v_judged;
  end if;
  v_record.id := p_envelope.id;
  v_record.actor := p_actor;
  v_record.type := p_envelope.type;
  v_record.hash := p_envelope.hash;
  v_record.replaces := p_envelope.replaces;
  v_record.device_at := p_envelope.at;
  v_record.received_at := p_at;
  v_record.outcome := 'applied';
  begin
    v_payload := private.parse_payload(p_envelope.payload);
    case p_envelope.type
      when 'report_incident' then
        if not p_may_report then
          perform private.reject_command('not_allowed');
        end if;
        v_judged.report := private.read_report(p_actor, p_envelope.id, v_payload, p_at);
        v_result := jsonb_build_object('incident_id', (v_judged.report).id, 'version', 1,
          'photos', case when (v_judged.report).condition_code is null then (v_judged.report).data -> 'photos'
            else to_jsonb(private.photo_hashes(
              (v_judged.report).photos || (v_judged.report).handled_photos)) end);
      when 'add_note' then
        v_result := private.add_note(p_actor, p_envelope.id, v_payload, p_at);
      when 'add_photo' then
        v_result := private.add_photo(p_actor, p_envelope.id, v_payload, p_at);
      when 'confirm_duplicate' then
        v_result := private.confirm_duplicate(p_actor, p_envelope.id, v_payload, p_at);
      when 'correct_incident' then
        v_result := private.correct_incident(p_actor, p_envelope.id, v_payload, p_at);
      when 'transition' then
        v_result := private.take_transition(p_actor, p_envelope.id, v_payload, p_at);
      when 'save_view' then
        v_result := private.save_view(p_actor, v_payload, p_at);
      when 'delete_view' then
        v_result := private.delete_view(p_actor, v_payload, p_at);
      when 'save_dispatch_rules' then
        v_result := private.save_dispatch_rules(p_actor, v_payload, p_at);
      else
        perform private.reject_command('unknown_type', 'type');
    end case;
  exception when others then
    get stacked diagnostics v_state = returned_sqlstate, v_detail = pg_exception_detail;
    if private.fails_call(v_state) then raise; end if;
    v_record.error := private.verdict_of(v_state, v_detail);
    v_judged.report := null;
    if v_record.error is null then
      raise warning 'no receipt for a % (%): %', p_envelope.type, v_state, sqlerrm;
      v_judged.settled := 'null';
      return v_judged;
    end if;
    if p_is_replay and v_record.error ->> 'code' in ('not_allowed', 'unknown_incident') then
      v_judged.settled := private.rejected_receipt(p_envelope.id::text, v_record.error ->> 'code');
      return v_judged;
    end if;
    v_result := '{}';
    v_record.outcome := 'rejected';
    if v_state = 'WG002' then
      v_record.outcome := 'conflict';
      v_result := jsonb_build_object('incident_id', v_payload ->> 'incidentId',
        'version', v_record.error -> 'server' -> 'version');
    end if;
  end;
  v_record.incident_id := (v_result ->> 'incident_id')::uuid;
  v_record.version := (v_result ->> 'version')::integer;
  v_record.photo_hashes := case when jsonb_typeof(v_result -> 'photos') = 'array'
    then array(select jsonb_array_elements_text(v_result -> 'photos')) else '{}' end;
  v_judged.record := v_record;
  return v_judged;
end $function$;

CREATE OR REPLACE FUNCTION private.offered_transitions(p_incident public.incidents, p_roles text[], p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('name', t.name, 'nameZh', t.name_zh, 'nameEn', t.name_en,
      'tone', t.tone, 'canUndo', t.can_undo, 'fields', (
        select coalesce(jsonb_agg(jsonb_build_object('name', f.name, 'kind', f.kind,
          'isRequired', private.is_field_required(f, p_incident), 'choices', f.choices, 'least', f.least,
          'most', f.most, 'labelZh', f.label_zh, 'labelEn', f.label_en,
          'proposed', case when f.kind in ('department', 'handler') then proposal.made ->> f.kind end,
          'proposedByRule', case when f.kind = 'department' then proposal.made -> 'rule' end)
          order by f.sort, f.name), '[]')
        from public.workflow_fields f where f.workflow = t.workflow and f.transition = t.name))
      order by t.sort, t.name collate "C"), '[]')
    from (
      select distinct on (o.name) o.* from private.open_transitions(p_incident, p_roles, p_at) o
      order by o.name, o.sort
    ) t
    left join lateral (
      select private.proposed_dispatch(p_incident, p_at) as made
      where exists (select from public.workflow_fields f
        where f.workflow = t.workflow and f.transition = t.name and f.kind = 'department')
    ) proposal on true);
end $function$;

CREATE OR REPLACE FUNCTION private.member_area_codes()
 RETURNS text[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(array_agg(distinct m.area_code), '{}')
  from public.memberships m
  where m.user_id = auth.uid() and m.role <> 'handler' and private.is_valid(m.valid_from, m.valid_to, now())
$function$;

CREATE OR REPLACE FUNCTION private.may_delete_view(p_view public.work_views, p_user uuid, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select p_view.owner = p_user or exists (
    select from public.memberships m
    join public.areas a on a.code = m.area_code
    join public.areas own on own.code = any (p_view.areas)
    where m.user_id = p_user and m.role = 'admin' and private.is_valid(m.valid_from, m.valid_to, p_at)
      and private.is_within(own.path, a.path))
$function$;

CREATE OR REPLACE FUNCTION private.refuse_stale_view(p_view public.work_views)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  raise exception 'conflict' using errcode = 'WG002', detail = jsonb_build_object('code', 'conflict',
    'server', jsonb_build_object('version', coalesce(p_view.version, 0), 'savedAt', p_view.changed_at,
      'savedByName', (select p.display_name from public.profiles p where p.user_id = p_view.owner)))::text;
end $function$;

CREATE OR REPLACE FUNCTION private.save_view(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id constant uuid := private.payload_uuid(p_payload, 'id');
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 0, 2147483647);
  v_name constant text := btrim(private.payload_text(p_payload, 'name', true, 60));
  v_query constant text := private.payload_text(p_payload, 'query', true, 1000);
  v_view public.work_views;
begin
  perform private.refuse_unknown_fields(p_payload, '{id,baseVersion,name,query,isShared}');
  if private.is_blank(v_name) then
    perform private.reject_command('missing_field', 'name');
  elsif v_query !~ '^[A-Za-z0-9_.~=&%-]*$' then
    perform private.reject_command('invalid_field', 'query', 'not the query of an address');
  elsif jsonb_typeof(p_payload -> 'isShared') is distinct from 'boolean' then
    perform private.reject_command('invalid_field', 'isShared', 'not true or false');
  elsif not exists (select from public.memberships m
    where m.user_id = p_actor and private.is_valid(m.valid_from, m.valid_to, p_at)) then
    perform private.reject_command('not_allowed');
  end if;
  select * into v_view from public.work_views v where v.id = v_id for update;
  if v_view.owner <> p_actor then
    perform private.reject_command('not_allowed', 'id');
  elsif coalesce(v_view.version, 0) <> v_base then
    perform private.refuse_stale_view(v_view);
  elsif exists (select from public.work_views v where v.owner = p_actor and v.name = v_name and v.id <> v_id) then
    perform private.reject_command('name_taken', 'name');
  elsif v_base = 0 and 100 <= (select count(*) from public.work_views v where v.owner = p_actor) then
    perform private.reject_command('too_many', 'id', '100');
  end if;
  insert into public.work_views (id, owner, name, query, areas, departments, version, changed_at)
  select v_id, p_actor, v_name, v_query,
    coalesce(array_agg(distinct m.area_code) filter (where m.role <> 'handler'), '{}'),
    coalesce(array_agg(distinct m.department_code) filter (where m.role = 'handler'), '{}'), v_base + 1, p_at
  from public.memberships m
  where m.user_id = p_actor and private.is_valid(m.valid_from, m.valid_to, p_at)
    and (p_payload -> 'isShared')::boolean
  on conflict (id) do update set name = excluded.name, query = excluded.query, areas = excluded.areas,
    departments = excluded.departments, version = excluded.version, changed_at = excluded.changed_at;
  return jsonb_build_object('version', v_base + 1);
end $function$;

CREATE OR REPLACE FUNCTION private.delete_view(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id constant uuid := private.payload_uuid(p_payload, 'id');
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 1, 2147483647);
  v_view public.work_views;
begin
  perform private.refuse_unknown_fields(p_payload, '{id,baseVersion}');
  select * into v_view from public.work_views v where v.id = v_id for update;
  if found and private.may_delete_view(v_view, p_actor, p_at) is not true then
    perform private.reject_command('not_allowed', 'id');
  elsif found and v_view.version <> v_base then
    perform private.refuse_stale_view(v_view);
  end if;
  delete from public.work_views v where v.id = v_id;
  return jsonb_build_object('version', v_base);
end $function$;

CREATE OR REPLACE FUNCTION private.work_view_list()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'name', v.name, 'query', v.query,
    'isShared', v.areas <> '{}' or v.departments <> '{}', 'isOwn', v.owner = u.id,
    'ownerName', p.display_name, 'canDelete', private.may_delete_view(v, u.id, now()), 'version', v.version)
    order by v.owner = u.id desc, lower(v.name), v.name collate "C", v.id), '[]')
  from private.require_user() as u (id)
  join public.work_views v on v.owner = u.id or v.areas && private.member_area_codes()
    or v.departments && private.scope_departments()::text[]
  join public.profiles p on p.user_id = v.owner
$function$;

CREATE OR REPLACE FUNCTION public.work_view_list()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.work_view_list() $function$;

CREATE OR REPLACE FUNCTION private.may_edit_rules(p_user uuid, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select exists (select from public.areas) and not exists (
    select from public.areas root
    where root.parent_code is null and not exists (
      select from public.memberships m
      where m.user_id = p_user and m.role = 'admin' and m.area_code = root.code
        and private.is_valid(m.valid_from, m.valid_to, p_at)))
$function$;

CREATE OR REPLACE FUNCTION private.is_handler_of(p_person uuid, p_department text, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select exists (
    select from public.memberships m
    where m.user_id = p_person and m.role = 'handler' and m.department_code = p_department
      and private.is_valid(m.valid_from, m.valid_to, p_at))
$function$;

CREATE OR REPLACE FUNCTION private.hour_fits(p_weekdays smallint[], p_from smallint, p_to smallint, p_weekday integer, p_hour integer)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((p_weekday = ANY (p_weekdays)) AND CASE WHEN (p_from < p_to) THEN ((p_hour >= p_from) AND (p_hour < p_to)) ELSE ((p_hour >= p_from) OR (p_hour < p_to)) END);

CREATE OR REPLACE FUNCTION private.path_fits(p_rule text, p_path text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((p_rule IS NULL) OR private.is_within(p_path, p_rule));

CREATE OR REPLACE FUNCTION private.present_rules()
 RETURNS public.dispatch_rules[]
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(array_agg(r order by r.position), '{}') from public.dispatch_rules r
  where r.version = (select max(l.version) from public.dispatch_rule_lists l)
$function$;

CREATE OR REPLACE FUNCTION private.fitting_rules(p_rules public.dispatch_rules[], p_from timestamp with time zone, p_to timestamp with time zone)
 RETURNS TABLE(incident_id uuid, rule integer)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION private.proposed_dispatch(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
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
    or not private.is_handler_of(v_handler::uuid, v_rule.department_code, p_at)) then
    perform private.reject_command('invalid_field', 'handler', 'not a handler of the department');
  end if;
  v_rule.weekdays := array(
    select distinct d::smallint from jsonb_array_elements_text(p_rule -> 'weekdays') d order by 1);
  v_rule.handler := v_handler::uuid;
  return v_rule;
end $function$;

CREATE OR REPLACE FUNCTION private.read_dispatch_rules(p_rules jsonb, p_at timestamp with time zone)
 RETURNS public.dispatch_rules[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.save_dispatch_rules(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 0, 2147483646);
  v_list public.dispatch_rule_lists;
begin
  perform private.refuse_unknown_fields(p_payload, '{baseVersion,rules}');
  if not private.may_edit_rules(p_actor, p_at) then
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
  insert into public.dispatch_rule_lists (version, saved_at, saved_by) values (v_base + 1, p_at, p_actor);
  insert into public.dispatch_rules (version, position, area_code, category_code, weekdays, from_hour, to_hour,
    department_code, handler)
  select v_base + 1, r.position, r.area_code, r.category_code, r.weekdays, r.from_hour, r.to_hour,
    r.department_code, r.handler
  from unnest(private.read_dispatch_rules(p_payload -> 'rules', p_at)) r;
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
  v_may_edit constant boolean := private.may_edit_rules(v_user, now());
begin
  if private.scope_paths('{grid_manager,leader,admin}') = '{}' then
    raise exception 'dispatch rules are for managers, leaders and admins' using errcode = '42501';
  end if;
  return (
    select jsonb_build_object('version', coalesce(l.version, 0), 'savedAt', l.saved_at,
      'savedByName', p.display_name, 'canEdit', v_may_edit,
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
  v_tried public.dispatch_rules[];
  v_answer jsonb;
  v_detail text;
begin
  if not private.may_edit_rules(private.require_user(), v_to) then
    raise exception 'only an admin of the whole city tries dispatch rules' using errcode = '42501';
  end if;
  begin
    v_tried := private.read_dispatch_rules(p_rules, v_to);
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

CREATE OR REPLACE FUNCTION public.dispatch_rule_list()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.dispatch_rule_list() $function$;

CREATE OR REPLACE FUNCTION public.try_dispatch_rules(p_rules jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.try_dispatch_rules(p_rules) $function$;

CREATE INDEX dispatch_rule_lists_saved_by_idx ON public.dispatch_rule_lists USING btree (saved_by);

CREATE INDEX dispatch_rules_area_idx ON public.dispatch_rules USING btree (area_code);

CREATE INDEX dispatch_rules_category_idx ON public.dispatch_rules USING btree (category_code);

CREATE INDEX dispatch_rules_department_idx ON public.dispatch_rules USING btree (department_code);

CREATE INDEX dispatch_rules_handler_idx ON public.dispatch_rules USING btree (handler);

create policy "Managers, leaders and admins see who saved the dispatch rules" on public.dispatch_rule_lists for select to authenticated using ((( SELECT private.scope_area_codes('{grid_manager,leader,admin}'::text[]) AS scope_area_codes) <> '{}'::text[]));

create policy "Managers, leaders and admins see the dispatch rules" on public.dispatch_rules for select to authenticated using ((( SELECT private.scope_area_codes('{grid_manager,leader,admin}'::text[]) AS scope_area_codes) <> '{}'::text[]));

create policy "People see their own views and those shared with their team" on public.work_views for select to authenticated using (((owner = ( SELECT auth.uid() AS uid)) OR (areas && ( SELECT private.member_area_codes() AS member_area_codes)) OR (departments && ( SELECT private.scope_departments() AS scope_departments))));

revoke all on function private.dispatch_rule_list() from public, anon, authenticated, service_role;

grant execute on function private.dispatch_rule_list() to authenticated;

revoke all on function private.member_area_codes() from public, anon, authenticated, service_role;

grant execute on function private.member_area_codes() to authenticated;

revoke all on function private.try_dispatch_rules(jsonb) from public, anon, authenticated, service_role;

grant execute on function private.try_dispatch_rules(jsonb) to authenticated;

revoke all on function private.work_view_list() from public, anon, authenticated, service_role;

grant execute on function private.work_view_list() to authenticated;

revoke all on function public.dispatch_rule_list() from public, anon, authenticated, service_role;

grant execute on function public.dispatch_rule_list() to authenticated;

revoke all on function public.try_dispatch_rules(jsonb) from public, anon, authenticated, service_role;

grant execute on function public.try_dispatch_rules(jsonb) to authenticated;

revoke all on function public.work_view_list() from public, anon, authenticated, service_role;

grant execute on function public.work_view_list() to authenticated;

revoke all on public.dispatch_rule_lists from public, anon, authenticated, service_role;

grant select on public.dispatch_rule_lists to authenticated;

revoke all on public.dispatch_rules from public, anon, authenticated, service_role;

grant select on public.dispatch_rules to authenticated;

revoke all on public.work_views from public, anon, authenticated, service_role;

grant select on public.work_views to authenticated;
